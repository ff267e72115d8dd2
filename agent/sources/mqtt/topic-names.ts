/** What a topic, a filter, a client id and a user may look like, before anyone asks for rights. */

export const TOPIC_BYTES_MAX = 1024;
export const TOPIC_LEVELS_MAX = 32;
const CLIENT_ID_BYTES_MAX = 256;

/**
 * The parser makes U+FFFD of bytes that are no UTF-8, so a text that holds it is refused: such bytes
 * must close the connection [MQTT-1.5.3-1]. NUL must not occur either [MQTT-1.5.3-2].
 */
const NO_TEXT = /[\0\uFFFD]/;

export function isTopic(topic: string): boolean {
  return isText(topic, TOPIC_BYTES_MAX) && topic.split("/").length <= TOPIC_LEVELS_MAX;
}

/** An empty one is fine: the broker then makes one. */
export function isClientId(clientId: string): boolean {
  return clientId === "" || isText(clientId, CLIENT_ID_BYTES_MAX);
}

function isText(text: string, bytesMax: number): boolean {
  return (
    text !== "" &&
    text.length <= bytesMax &&
    Buffer.byteLength(text) <= bytesMax &&
    !NO_TEXT.test(text)
  );
}
