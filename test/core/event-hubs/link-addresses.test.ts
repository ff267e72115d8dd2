import { EventHubProducerClient } from "@azure/event-hubs";
import { expect, onTestFinished, test } from "vitest";
import { keepLinkAddresses } from "#core/event-hubs/link-addresses.ts";
import { startTestHub } from "#test/support/hub.ts";

interface RequestLink {
  receiver: { address: string };
}

/** The link over which the client asks for properties; it must have asked once. */
function requestLinkOf(client: EventHubProducerClient): RequestLink {
  const context = Reflect.get(client, "_context");
  return Reflect.get(context.managementSession, "_mgmtReqResLink");
}

async function linkThatForgot(isCorrected: boolean): Promise<RequestLink> {
  const hub = await startTestHub();
  const client = new EventHubProducerClient(hub.connectionString);
  if (isCorrected) keepLinkAddresses(client);
  onTestFinished(async () => {
    await client.close();
    await hub.stop();
  });
  await client.getEventHubProperties();
  const link = requestLinkOf(client);
  // What rhea does to each link when it tries a lost connection again.
  const rheaLink = Reflect.get(link.receiver, "_link");
  Reflect.get(rheaLink, "_reconnect").call(rheaLink);
  return link;
}

test("a link tells its address, though the other side's part of it is forgotten", async () => {
  const { receiver } = await linkThatForgot(true);
  expect(receiver.address).toBe("$management");
});

test("without the correction it throws: should the SDK do better, the correction can go", async () => {
  const { receiver } = await linkThatForgot(false);
  expect(() => receiver.address).toThrow(TypeError);
});
