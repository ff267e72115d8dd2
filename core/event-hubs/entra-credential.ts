/**
 * An identity of Entra ID. Its library is large, so it is loaded with the first token: a gateway that
 * uses a key never pays for it.
 */
import type { AccessToken, GetTokenOptions, TokenCredential } from "@azure/identity";

export type EntraIdentity =
  /** Of the machine; `client` chooses one of several. */
  | { kind: "managed"; client?: string | undefined }
  | ({ kind: "certificate"; certificatePath: string } & EntraApplication)
  | ({ kind: "secret"; secret: string } & EntraApplication);

interface EntraApplication {
  tenant: string;
  client: string;
  /** Of a national or private cloud, as `https://HOST`; the default is the public one. */
  authority?: string | undefined;
}

export class EntraCredential implements TokenCredential {
  readonly #identity: EntraIdentity;
  #credential: Promise<TokenCredential> | undefined;

  constructor(identity: EntraIdentity) {
    this.#identity = identity;
  }

  async getToken(
    scopes: string | string[],
    options?: GetTokenOptions,
  ): Promise<AccessToken | null> {
    this.#credential ??= makeCredential(this.#identity);
    const credential = await this.#credential;
    return await credential.getToken(scopes, options);
  }
}

async function makeCredential(identity: EntraIdentity): Promise<TokenCredential> {
  const azure = await import("@azure/identity");
  if (identity.kind === "managed") {
    return identity.client === undefined
      ? new azure.ManagedIdentityCredential()
      : new azure.ManagedIdentityCredential({ clientId: identity.client });
  }
  const { tenant, client, authority } = identity;
  const options =
    authority === undefined ? {} : { authorityHost: authority, disableInstanceDiscovery: true };
  return identity.kind === "secret"
    ? new azure.ClientSecretCredential(tenant, client, identity.secret, options)
    : new azure.ClientCertificateCredential(tenant, client, identity.certificatePath, options);
}
