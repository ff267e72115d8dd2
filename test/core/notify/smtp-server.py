"""Debian's aiosmtpd as a mail server: tells its port, then each mail, as one line of JSON each.

Its argument is JSON: {"tls": {"cert", "key", "implicit"}, "users": {name: password},
"refuse": {address: reply}, "reply": to each mail}.
"""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

settings = json.loads(sys.argv[1])


def tell(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Mails:
    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = settings.get("refuse", {}).get(address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        tell(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "data": envelope.content.decode("utf8"),
                "tls": session.ssl is not None,
                "user": session.auth_data and session.auth_data.login.decode(),
            }
        )
        return settings.get("reply", "250 OK")


def authenticate(server, session, envelope, mechanism, data):
    users = settings["users"]
    known = isinstance(data, LoginPassword) and users.get(data.login.decode())
    good = bool(known) and data.password.decode() == known
    return AuthResult(success=good, handled=False, auth_data=data)


async def main():
    tls = settings.get("tls")
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["cert"], tls["key"])
    implicit = bool(tls and tls.get("implicit"))
    users = "users" in settings

    def factory():
        return SMTP(
            Mails(),
            hostname="mail.test",
            enable_SMTPUTF8=True,
            tls_context=None if implicit else context,
            require_starttls=bool(tls) and not implicit,
            authenticator=authenticate if users else None,
            auth_required=users,
            auth_require_tls=bool(tls) and not implicit,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context if implicit else None)
    tell({"port": server.sockets[0].getsockname()[1]})
    await server.serve_forever()


asyncio.run(main())
