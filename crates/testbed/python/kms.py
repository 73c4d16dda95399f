"""A key service for tests: moto's AWS KMS, with the rules of the real one that moto leaves out, and faults on demand.

kms.py PORT CONTROL_PORT STATE_FILE [CERTIFICATE KEY]

The keys are in STATE_FILE, so that they are the same after a restart. CONTROL_PORT speaks plain HTTP: each path is one
function of `Control`, its query the arguments.
"""

import base64
import json
import pathlib
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import moto.kms.models as kms
from moto.core.exceptions import JsonRESTError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

ACCOUNT, REGION = "123456789012", "eu-central-1"
TARGET = "HTTP_X_AMZ_TARGET"
# Every data key that was ever in the clear here.
SEEN = set()


class Refusal(JsonRESTError):
    code = 400


# ------------------------------------------------------------------------------------------ what moto is too lenient with


def require_enabled(key):
    if key.key_state == "PendingDeletion":
        raise Refusal("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if not key.enabled:
        raise Refusal("DisabledException", f"{key.arn} is disabled.")


def generate_data_key(self, key_id, *args, lenient=kms.KmsBackend.generate_data_key, **kwargs):
    require_enabled(self.keys[self.any_id_to_key_id(key_id)])
    made = lenient(self, key_id, *args, **kwargs)
    SEEN.add(made[0])
    return made


def encrypt(self, key_id, plaintext, *args, lenient=kms.KmsBackend.encrypt, **kwargs):
    require_enabled(self.keys[self.any_id_to_key_id(key_id)])
    SEEN.add(plaintext)
    return lenient(self, key_id, plaintext, *args, **kwargs)


def decrypt(self, ciphertext_blob, encryption_context, key_id=None):
    try:
        plaintext, used = kms.decrypt(self.keys, ciphertext_blob, encryption_context)
    except JsonRESTError:
        # The real service does not tell an unknown key in a ciphertext from a ciphertext that was altered.
        raise Refusal("InvalidCiphertextException", "") from None
    if key_id is not None and self.any_id_to_key_id(key_id) != used:
        raise Refusal("IncorrectKeyException", "The ciphertext is not under the key of the request.")
    require_enabled(self.keys[used])
    SEEN.add(plaintext)
    return plaintext, self.keys[used].arn


kms.KmsBackend.generate_data_key = generate_data_key
kms.KmsBackend.encrypt = encrypt
kms.KmsBackend.decrypt = decrypt


# --------------------------------------------------------------------------------------------------------------- faults


class Faults:
    """Stands before moto: counts calls, holds them up, and answers in its place."""

    def __init__(self, moto):
        self.moto = moto
        self.lock = threading.Lock()
        self.calls = Counter()
        self.delay = 0.0
        self.refusals = 0
        self.status, self.code = 0, ""

    def __call__(self, environ, start_response):
        with self.lock:
            self.calls[environ.get(TARGET, "").rpartition(".")[2]] += 1
            refused = self.refusals > 0
            self.refusals -= refused
            delay = self.delay
        time.sleep(delay)
        if not refused:
            return self.moto(environ, start_response)
        # The body has to be read, or else the connection is no good for the next request.
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = json.dumps({"__type": self.code, "message": "as the test wants it"}).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
        start_response(f"{self.status} Refused", headers)
        return [body]


class Control:
    def __init__(self, faults, state):
        self.faults = faults
        self.backend = kms.kms_backends[ACCOUNT][REGION]
        self.state = pathlib.Path(state)
        if self.state.exists():
            for kept in json.loads(self.state.read_text()):
                key = self.backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
                del self.backend.keys[key.id]
                key.id, key.key_material = kept["id"], bytes.fromhex(kept["material"])
                key.key_state, key.enabled = kept["state"], kept["state"] == "Enabled"
                key.arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key.id}"
                self.backend.keys[key.id] = key

    def save(self):
        keys = self.backend.keys.values()
        kept = [{"id": k.id, "material": k.key_material.hex(), "state": k.key_state} for k in keys]
        self.state.write_text(json.dumps(kept))

    def create_key(self):
        arn = self.backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None).arn
        self.save()
        return arn

    def name_key(self, alias, key):
        self.backend.delete_alias(alias)
        self.backend.create_alias(self.backend.get_key_id(key), alias)

    def enable(self, key):
        self.backend.enable_key(self.backend.get_key_id(key))
        self.save()

    def disable(self, key):
        self.backend.disable_key(self.backend.get_key_id(key))
        self.save()

    def schedule_deletion(self, key):
        self.backend.schedule_key_deletion(self.backend.get_key_id(key), 7)
        self.save()

    def delay(self, seconds):
        with self.faults.lock:
            self.faults.delay = float(seconds)

    def refuse(self, status, code, calls):
        with self.faults.lock:
            self.faults.status, self.faults.code, self.faults.refusals = int(status), code, int(calls)

    def seen(self):
        return "\n".join(base64.b64encode(data_key).decode() for data_key in SEEN)

    def calls(self, operation):
        with self.faults.lock:
            return self.faults.calls[operation]


def listen_for_control(port, control):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = urlsplit(self.path)
            answer = getattr(control, asked.path[1:])(**dict(parse_qsl(asked.query)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(str("" if answer is None else answer).encode())

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main(port, control_port, state, *tls):
    faults = Faults(DomainDispatcherApplication(create_backend_app))
    listen_for_control(int(control_port), Control(faults, state))
    run_simple("127.0.0.1", int(port), faults, threaded=True, ssl_context=tls or None)


main(*sys.argv[1:])
