import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MailNotifier } from "#core/notify/mail.ts";
import type { MailChannel } from "#core/notify/recipient.ts";
import { openssl, selfSigned } from "#test/cloud/hub/self-signed.ts";
import { startMuteServer } from "#test/support/mute-server.ts";
import { peerTest } from "#test/support/peer.ts";
import { until } from "#test/support/until.ts";
import { failureOf } from "./failure-of.ts";
import { madeEnd, madeNotice } from "./made-notice.ts";
import { aiosmtpd, type ReceivedMail, startSmtpServer } from "./smtp-server.ts";

const never = new AbortController().signal;

function channelTo(port: number, changes: Partial<MailChannel> = {}): MailChannel {
  return {
    host: "127.0.0.1",
    port,
    tls: "none",
    from: "gateway@example.com",
    to: ["shift@example.com", "office@example.com"],
    ...changes,
  };
}

async function send(channel: MailChannel, notice = madeNotice()): Promise<void> {
  await new MailNotifier(channel).deliver(notice, never);
}

/** As another's parser reads it: header lines by lower-case name, unfolded and decoded, and the plain text. */
function readByPython(mail: ReceivedMail | undefined): Record<string, string> {
  const code =
    "import email,email.policy,json,sys;" +
    "m=email.message_from_bytes(sys.stdin.buffer.read(),policy=email.policy.default);" +
    "h={k.lower():str(v) for k,v in m.items()};" +
    "h['text']=m.get_body(('plain',)).get_content();" +
    "h['html']=m.get_body(('html',)).get_content();print(json.dumps(h))";
  const { stdout } = spawnSync("/usr/bin/python3", ["-c", code], { input: mail?.data ?? "" });
  return JSON.parse(stdout.toString());
}

describe("a real mail server", () => {
  peerTest("takes a notice, which another's parser reads", [aiosmtpd], async () => {
    const { port, mails } = await startSmtpServer();
    await send(channelTo(port));
    await send(channelTo(port), madeEnd());
    await until(() => mails.length === 2);
    expect(mails[0]).toMatchObject({
      from: "gateway@example.com",
      to: ["shift@example.com", "office@example.com"],
    });
    const [raised, end] = mails.map(readByPython);
    expect(raised).toMatchObject({
      subject: "CRITICAL oven-2 temperature is above 240 °C (hall-3)",
      "auto-submitted": "auto-generated",
      date: "Fri, 21 Nov 2025 06:40:00 +0000",
    });
    expect(raised?.["x-penstock-notice-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(raised?.["text"]).toContain("Last values: ▁▂▄▇█ (230 °C to 241.3 °C)");
    expect(raised?.["html"]).toContain("<td>241.3 °C (limit 240 °C)</td>");
    expect(end?.["in-reply-to"]).toBe(raised?.["message-id"]);
  });

  peerTest("gets no header that a tag's name made up", [aiosmtpd], async () => {
    const { port, mails } = await startSmtpServer();
    const title = "hot\r\nBcc: evil@example.com\r\n\r\nbody";
    await send(channelTo(port), madeNotice({ title, gateway: "h\r\nX-Evil: 1", id: "a\r\nb: c" }));
    await until(() => mails.length === 1);
    const read = readByPython(mails[0]);
    expect(Object.keys(read)).not.toContain("bcc");
    expect(Object.keys(read)).not.toContain("x-evil");
    expect(mails[0]?.to).not.toContain("evil@example.com");
  });

  peerTest("gets it by STARTTLS, from a user with a password", [aiosmtpd, openssl], async () => {
    const { certPath } = await selfSigned();
    const tls = { cert: certPath, key: join(certPath, "../key.pem") };
    const { port, mails } = await startSmtpServer({ tls, users: { hall3: "pass word" } });
    const login = { tls: "starttls", user: "hall3", host: "localhost" } as const;
    await send(channelTo(port, { ...login, password: "pass word", ca: certPath }));
    await until(() => mails.length === 1);
    expect(mails[0]).toMatchObject({ tls: true, user: "hall3" });

    const denied = await failureOf(
      send(channelTo(port, { ...login, password: "wrong", ca: certPath })),
    );
    expect(denied.isTransient).toBe(true);
    expect(denied.message).toMatch(/535/);
    expect(denied.message).not.toMatch(/wrong/);

    const strange = await failureOf(send(channelTo(port, { ...login, password: "pass word" })));
    expect(strange.message).toMatch(/self-signed/);
    expect(mails).toHaveLength(1);
  });

  peerTest("gets it by TLS from the first byte", [aiosmtpd, openssl], async () => {
    const { certPath } = await selfSigned();
    const tls = { cert: certPath, key: join(certPath, "../key.pem"), implicit: true };
    const { port, mails } = await startSmtpServer({ tls });
    await send(channelTo(port, { tls: "implicit", host: "localhost", ca: certPath }));
    await until(() => mails.length === 1);
    expect(mails[0]?.tls).toBe(false); // The server knows of no upgrade: it was never without.
  });

  peerTest("that offers no STARTTLS gets neither mail nor password", [aiosmtpd], async () => {
    const { port, mails } = await startSmtpServer();
    const channel = channelTo(port, { tls: "starttls", user: "hall3", password: "secret" });
    expect(await failureOf(send(channel))).toMatchObject({ isTransient: true });
    expect(mails).toHaveLength(0);
  });

  peerTest("that refuses an address for good is not asked again", [aiosmtpd], async () => {
    const refuse = { "shift@example.com": "550 unknown", "office@example.com": "550 unknown" };
    const all = await startSmtpServer({ refuse });
    expect(await failureOf(send(channelTo(all.port)))).toMatchObject({ isTransient: false });
    expect(all.mails).toHaveLength(0);

    const one = await startSmtpServer({ refuse: { "shift@example.com": "550 unknown" } });
    const failure = await failureOf(send(channelTo(one.port)));
    expect(failure).toMatchObject({ isTransient: false, code: "NOTICE_REFUSED" });
    expect(failure.message).toContain("refuses shift@example.com");
    await until(() => one.mails.length === 1);
    expect(one.mails[0]?.to).toEqual(["office@example.com"]);
  });

  peerTest("that is busy is asked again", [aiosmtpd], async () => {
    const { port } = await startSmtpServer({ reply: "451 try again later" });
    expect(await failureOf(send(channelTo(port)))).toMatchObject({ isTransient: true });
  });
});

test("a mail server that is not there, or says nothing, is no reason to give up", async () => {
  expect(await failureOf(send(channelTo(1)))).toMatchObject({ isTransient: true });

  const mute = await startMuteServer();
  const stopping = new AbortController();
  const sending = new MailNotifier(channelTo(mute.port)).deliver(madeNotice(), stopping.signal);
  const socket = await mute.connected;
  stopping.abort();
  await expect(sending).rejects.toMatchObject({ name: "AbortError" });
  socket.destroy();
});
