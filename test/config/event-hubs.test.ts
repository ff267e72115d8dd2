import { expect, test } from "vitest";
import { eventHubs, hubAccessOf } from "#config/event-hubs.ts";
import { EntraCredential } from "#core/event-hubs/entra-credential.ts";

const place = { namespace: "plant.servicebus.windows.net", hub: "telemetry" };

test("a namespace and a key come down to a connection string", () => {
  expect(hubAccessOf(eventHubs.parse({ ...place, key: "k", keyName: "send" }))).toMatchObject({
    connectionString:
      "Endpoint=sb://plant.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=k",
    hub: "telemetry",
    webSockets: false,
  });
});

test.each([
  { managedIdentity: "system" },
  { managedIdentity: "5e0c" },
  { tenant: "t", client: "c", certificate: "/etc/penstock/app.pem" },
  { tenant: "t", client: "c", secret: "s", authority: "https://login.microsoftonline.us" },
])("an identity comes down to a credential: %j", (auth) => {
  const access = hubAccessOf(eventHubs.parse({ ...place, auth }));
  expect(access).toMatchObject({ namespace: place.namespace });
  expect("credential" in access && access.credential).toBeInstanceOf(EntraCredential);
});

test("the way is taken over, whoever goes it", () => {
  const way = { transport: "websockets", proxy: "http://proxy:3128", endpoint: "10.0.0.4:5671" };
  for (const login of [{ key: "k" }, { auth: { managedIdentity: "system" } }]) {
    expect(hubAccessOf(eventHubs.parse({ ...place, ...login, ...way }))).toMatchObject({
      webSockets: true,
      proxy: "http://proxy:3128",
      endpoint: "10.0.0.4:5671",
    });
  }
});
