"""A mail server for tests: takes mails, remembers them, and misbehaves when told to.

    smtp.py SMTP_PORT CONTROL_PORT none|starttls|tls [CERTIFICATE KEY]

Whoever sends has to log in as `keyleash` with the password `hush`; without encryption a password is taken all the same, so
that a test can see one that must not have been sent.

The control port takes one JSON object a line and answers with one:
    {"do": "seen"}      {"logins": N, "passwords_in_the_clear": N, "misdeeds": N, "mails": [..]}
    {"do": "mails", "after": N}      {"mails": [..]}: those after the first N
    {"do": "misbehave", "at": "AUTH|MAIL|RCPT|DATA", "how": .., "times": N, "to": ADDRESS?}
where `how` is a reply ("450 4.2.1 busy"), "hang up" or {"wait": SECONDS}. At DATA a mail is taken before "hang up" and not
taken before a reply.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

logins = 0
passwords_in_the_clear = 0
mails = []
misdeeds = []
# Of them, how many it began.
done = 0


def next_misdeed(at, to=None):
    global done
    for misdeed in misdeeds:
        if misdeed["at"] == at and misdeed["times"] > 0 and misdeed.get("to") in (None, to):
            misdeed["times"] -= 1
            done += 1
            return misdeed["how"]
    return None


async def misbehave(server, how):
    """What to answer instead of what is right, if anything."""
    if how == "hang up":
        server.transport.abort()
        return "421 gone"
    if isinstance(how, dict):
        await asyncio.sleep(how["wait"])
        return None
    return how


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        reply = await misbehave(server, next_misdeed("MAIL"))
        if reply is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = await misbehave(server, next_misdeed("RCPT", address))
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        how = next_misdeed("DATA", envelope.rcpt_tos[0])
        is_encrypted = server.transport.get_extra_info("sslcontext") is not None
        reply = await misbehave(server, how)
        if reply is None or how == "hang up":
            self.take(session, envelope, is_encrypted)
        return reply or "250 2.0.0 taken"

    @staticmethod
    def take(session, envelope, is_encrypted):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)

        def part(kind):
            found = mail.get_body((kind,))
            return found.get_content() if found else None

        mails.append(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "subject": mail["subject"],
                "headers": {name.lower(): str(value) for name, value in mail.items()},
                "kind": mail.get_content_type(),
                "text": part("plain"),
                "html": part("html"),
                "is_ascii": envelope.content.isascii(),
                "is_encrypted": is_encrypted,
                "login": session.auth_data.login.decode() if session.authenticated else None,
            }
        )


def authenticate(server, session, envelope, mechanism, data):
    global logins, passwords_in_the_clear
    logins += 1
    if server.transport.get_extra_info("sslcontext") is None:
        passwords_in_the_clear += 1
    refusal = next_misdeed("AUTH")
    if refusal:
        return AuthResult(success=False, handled=False, message=refusal)
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"keyleash", b"hush")
    return AuthResult(success=right, handled=False, auth_data=data)


async def control(reader, writer):
    while line := await reader.readline():
        asked = json.loads(line)
        match asked["do"]:
            case "seen":
                answer = {
                    "logins": logins,
                    "passwords_in_the_clear": passwords_in_the_clear,
                    "misdeeds": done,
                    "mails": mails,
                }
            case "mails":
                answer = {"mails": mails[asked["after"] :]}
            case "misbehave":
                misdeeds[:] = [m for m in misdeeds if (m["at"], m.get("to")) != (asked["at"], asked.get("to"))]
                misdeeds.append(asked)
                answer = {}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
    writer.close()


async def main():
    smtp_port, control_port, protection = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    tls = None
    if protection != "none":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[4], sys.argv[5])

    def server():
        starttls = tls if protection == "starttls" else None
        return SMTP(
            Handler(),
            hostname="127.0.0.1",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=starttls is not None,
        )

    loop = asyncio.get_running_loop()
    await asyncio.start_server(control, "127.0.0.1", control_port)
    listening = await loop.create_server(server, "127.0.0.1", smtp_port, ssl=tls if protection == "tls" else None)
    await listening.serve_forever()


asyncio.run(main())
