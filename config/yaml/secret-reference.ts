/** What the parsers give for `!secret NAME`, until the secret's value takes its place. */
export const SECRET_TAG = "!secret";

export class SecretReference {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
