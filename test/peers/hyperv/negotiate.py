"""Accepts NTLM logins, raw or within SPNEGO, and seals messages, by Debian's gss-ntlmssp. One JSON object a line each way; `id` names a connection."""

import base64
import json
import sys

import gssapi

NTLMSSP = gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10")
SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
contexts = {}


def step(connection, token):
    if connection not in contexts:
        # One credential for both: the first token says which mechanism it is of.
        credentials = gssapi.Credentials(usage="accept", mechs=[NTLMSSP, SPNEGO])
        contexts[connection] = gssapi.SecurityContext(creds=credentials, usage="accept")
    context = contexts[connection]
    answer = context.step(token)
    user = str(context.initiator_name) if context.complete else None
    return {"bytes": encode(answer or b""), "complete": context.complete, "user": user}


def encode(content):
    return base64.b64encode(content).decode()


def serve(request):
    connection, content = request["connection"], base64.b64decode(request.get("bytes", ""))
    if request["do"] == "step":
        return step(connection, content)
    if request["do"] == "seal":
        return {"bytes": encode(contexts[connection].wrap(content, True).message)}
    if request["do"] == "unseal":
        opened = contexts[connection].unwrap(content)
        return {"bytes": encode(opened.message), "encrypted": opened.encrypted}
    contexts.pop(connection, None)
    return {}


for line in sys.stdin:
    try:
        answer = serve(json.loads(line))
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
