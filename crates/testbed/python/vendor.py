"""A vendor for tests: has people's login, signs tokens, and shows its public keys. Shares no code with the server: what
it signs with is OpenSSL, by the package `cryptography`.

    vendor.py PORT CONTROL_PORT

`GET /jwks.json` gives the keys that are published. The control port takes one JSON object a line and answers with one:
    {"do": "sign", "with": KEY, "header": {..}, "claims": {..} or TEXT}    {"token": ".."}
    {"do": "publish", "keys": [KEY, ..]}                                   {}
    {"do": "jwks"}                                                         the set, as it would be fetched
    {"do": "misbehave", "how": HOW or null}                                {}
    {"do": "fetches"}                                                      {"count": N}
KEY is one of rs256, ps256, es256, eddsa, es256-next, es256-stranger (which is never right: it has the id of es256), none, or
hs256 (the secret is the public key of rs256 in PEM). HOW is a status (503), "huge", "garbage", {"redirect": URL} or
{"wait": SECONDS}.
"""

import base64
import hmac
import json
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

keys = {
    "rs256": rsa.generate_private_key(65537, 2048),
    "ps256": rsa.generate_private_key(65537, 2048),
    "es256": ec.generate_private_key(ec.SECP256R1()),
    "eddsa": ed25519.Ed25519PrivateKey.generate(),
    "es256-next": ec.generate_private_key(ec.SECP256R1()),
    "es256-stranger": ec.generate_private_key(ec.SECP256R1()),
}
published = ["rs256", "ps256", "es256", "eddsa"]
misdeed = None
fetches = 0


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, length=None):
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def jwk(name):
    public = keys[name].public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        made = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), "alg": name.upper()}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        numbers = public.public_numbers()
        made = {"kty": "EC", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32)}
    else:
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        made = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
    return {**made, "kid": name, "use": "sig"}


def jwks():
    # What vendors have beside the keys that matter here.
    others = [{"kty": "oct", "kid": "shared"}, {"kty": "RSA", "kid": "boxes", "use": "enc", "n": "AQAB", "e": "AQAB"}]
    return {"keys": others + [jwk(name) for name in published]}


def signature(name, message):
    if name == "none":
        return b""
    if name == "hs256":
        pem = keys["rs256"].public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hmac.digest(pem, message, "sha256")
    key = keys[name]
    if name == "rs256":
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if name == "ps256":
        return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    if name == "eddsa":
        return key.sign(message)
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign(name, header, claims):
    text = claims if isinstance(claims, str) else json.dumps(claims)
    message = f"{b64(json.dumps(header).encode())}.{b64(text.encode())}"
    return f"{message}.{b64(signature(name, message.encode()))}"


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        global fetches
        fetches += 1
        status, body, headers = 200, json.dumps(jwks()).encode(), {}
        if isinstance(misdeed, int):
            status = misdeed
        elif misdeed == "huge":
            body += b" " * (16 * 1024 * 1024)
        elif misdeed == "garbage":
            body = b"<html>please log in</html>"
        elif misdeed and "redirect" in misdeed:
            status, headers = 302, {"Location": misdeed["redirect"]}
        elif misdeed:
            time.sleep(misdeed["wait"])
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # Whoever asked has gone.
            pass

    def log_message(self, *_):
        pass


class Control(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            answer = obey(json.loads(line))
            self.wfile.write(json.dumps(answer).encode() + b"\n")


def obey(order):
    global misdeed, published
    match order["do"]:
        case "sign":
            return {"token": sign(order["with"], order["header"], order["claims"])}
        case "publish":
            published = order["keys"]
        case "jwks":
            return jwks()
        case "misbehave":
            misdeed = order["how"]
        case "fetches":
            return {"count": fetches}
    return {}


class ControlServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


control = ControlServer(("127.0.0.1", int(sys.argv[2])), Control)
threading.Thread(target=control.serve_forever, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Pages).serve_forever()
