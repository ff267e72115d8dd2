/**
 * Passes every node of a document once, from the top down. The parser's own `visit` copies the chain
 * of ancestors at each node, which takes longer than all that is looked for.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

/** From the document down to the node itself. It changes as the walk goes on: copy what is kept. */
export type Chain = readonly unknown[];

export interface Walker {
  alias?(node: Alias, chain: Chain): void;
  /** Keys are values, too; `isKey` tells. */
  value?(node: Scalar | YAMLMap | YAMLSeq, chain: Chain, isKey: boolean): void;
  pair?(pair: Pair, chain: Chain): void;
}

export function walk(document: Document.Parsed, walker: Walker): void {
  const chain: unknown[] = [document];
  const enter = (node: unknown, isKey: boolean): void => {
    chain.push(node);
    if (isAlias(node)) walker.alias?.(node, chain);
    else if (isPair(node)) {
      walker.pair?.(node, chain);
      enter(node.key, true);
      enter(node.value, false);
    } else if (isScalar(node)) walker.value?.(node, chain, isKey);
    else if (isMap(node) || isSeq(node)) {
      walker.value?.(node, chain, isKey);
      for (const item of node.items) enter(item, false);
    }
    chain.pop();
  };
  enter(document.contents, false);
}
