"""
A WinRM service whose NTLM is not ours: logins, seals and signatures are judged and made by Debian's gss-ntlmssp under MIT's GSSAPI.
Commands are real processes of this machine, started without a shell between. It knows the six calls of the text shell and nothing else of WS-Management.

Settings come as one line of JSON on standard input, the port goes to standard output. NTLM_USER_FILE names the accounts.
  tls            {"certificate", "key", "authority"?}: files; with an authority, certificates of clients are asked for
  bindings       hexadecimal application data that logins have to be bound to
  basic          "user:password" that is let in by Basic
  spnego         tokens have SPNEGO around them
  seconds        how long Receive waits for output
  piece          bytes of output in one stream element
  forgets        every n-th request of a connection is answered 401, as if nobody were logged in
"""
import base64
import json
import os
import queue
import re
import ssl
import struct
import subprocess
import sys
import threading
import uuid
import xml.etree.ElementTree as ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import gssapi
from gssapi.raw import ChannelBindings

SETTINGS = json.loads(sys.stdin.readline())
NTLM = gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10")
KRB5 = gssapi.OID.from_int_seq("1.2.840.113554.1.2.2")
SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
NAMES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "rsp": SHELL,
}
BOUNDARY = b"--Encrypted Boundary\r\n"
SEALED = "application/HTTP-SPNEGO-session-encrypted"
MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
SHELLS = {}
SEEN = set()


class Refused(Exception):
    """Becomes a fault: code, words."""


class Process:
    def __init__(self, words):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self.pieces = queue.Queue()
        self.open = 2
        for name in ("stdout", "stderr"):
            threading.Thread(target=self.read, args=(name,), daemon=True).start()

    def read(self, name):
        stream = getattr(self.process, name)
        while True:
            piece = stream.read(SETTINGS.get("piece", 32768))
            self.pieces.put((name, piece))
            if not piece:
                return

    def receive(self):
        """Pieces that are there, or the first that comes; the exit code when both streams have ended."""
        found = []
        try:
            found.append(self.pieces.get(timeout=SETTINGS.get("seconds", 5)))
            while len(found) < 8:
                found.append(self.pieces.get_nowait())
        except queue.Empty:
            if not found:
                raise Refused(2150858793, "The operation took too long")
        self.open -= sum(1 for _, piece in found if not piece)
        return found, self.process.wait() if self.open == 0 else None


def answer(call):
    """The body for an envelope."""
    envelope = ElementTree.fromstring(call)
    head, body = envelope.find("s:Header", NAMES), envelope.find("s:Body", NAMES)
    action = head.findtext("a:Action", None, NAMES)
    message = head.findtext("a:MessageID", None, NAMES)
    if message in SEEN or not message.startswith("uuid:"):
        raise Refused(2150858768, "A message id came twice")
    SEEN.add(message)
    if head.findtext("w:ResourceURI", None, NAMES) != SHELL + "/cmd":
        raise Refused(2150858752, "No such resource")
    options = {option.get("Name"): option.text for option in head.findall("w:OptionSet/w:Option", NAMES)}
    if action.endswith("/transfer/Create"):
        if options.get("WINRS_CODEPAGE") != "65001" or body.findtext("rsp:Shell/rsp:InputStreams", None, NAMES) != "stdin":
            raise Refused(87, "A shell of another kind is expected")
        shell = str(uuid.uuid4()).upper()
        SHELLS[shell] = {}
        return "<rsp:Shell><rsp:ShellId>%s</rsp:ShellId></rsp:Shell>" % shell
    shell = SHELLS.get(head.findtext("w:SelectorSet/w:Selector[@Name='ShellId']", None, NAMES))
    if shell is None:
        raise Refused(2150858843, "No such shell")
    if action.endswith("/transfer/Delete"):
        stop(shell)
        return ""
    return act(action[len(SHELL) + 1 :], shell, options, body)


def act(action, shell, options, body):
    if action == "Command":
        if options.get("WINRS_SKIP_CMD_SHELL") != "TRUE":
            raise Refused(50, "There is no cmd.exe here")
        line = body.find("rsp:CommandLine", NAMES)
        words = [line.findtext("rsp:Command", None, NAMES)] + [word.text or "" for word in line.findall("rsp:Arguments", NAMES)]
        command = str(uuid.uuid4()).upper()
        shell[command] = Process(words)
        return "<rsp:CommandResponse><rsp:CommandId>%s</rsp:CommandId></rsp:CommandResponse>" % command
    part = body[0] if action == "Signal" else body[0][0]
    command = part.get("CommandId")
    if command not in shell:
        raise Refused(2150858843, "No such command")
    running = shell[command]
    if action == "Send":
        running.process.stdin.write(base64.b64decode(part.text or ""))
        if part.get("End") == "true":
            running.process.stdin.close()
        return "<rsp:SendResponse/>"
    if action == "Signal":
        del shell[command]
        running.process.kill()
        return "<rsp:SignalResponse/>"
    found, code = running.receive()
    streams = "".join(
        '<rsp:Stream Name="%s" CommandId="%s"%s>%s</rsp:Stream>'
        % (name, command, "" if piece else ' End="true"', base64.b64encode(piece).decode())
        for name, piece in found
    )
    state = "Running" if code is None else "Done"
    ended = "" if code is None else "<rsp:ExitCode>%d</rsp:ExitCode>" % code
    state = '<rsp:CommandState CommandId="%s" State="%s/CommandState/%s">%s</rsp:CommandState>' % (command, SHELL, state, ended)
    return "<rsp:ReceiveResponse>%s%s</rsp:ReceiveResponse>" % (streams, state)


def stop(shell):
    for running in shell.values():
        running.process.kill()
    SHELLS.pop(next(key for key, value in SHELLS.items() if value is shell))


def envelope_of(body):
    names = "".join(' xmlns:%s="%s"' % name for name in NAMES.items())
    return "<s:Envelope%s><s:Header/><s:Body>%s</s:Body></s:Envelope>" % (names, body)


def fault_of(code, words):
    detail = '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="%d"><f:Message>%s</f:Message></f:WSManFault>'
    reason = "<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>%s</s:Text></s:Reason>" % words
    return "<s:Fault>%s<s:Detail>%s</s:Detail></s:Fault>" % (reason, detail % (code, words))


class Handler(BaseHTTPRequestHandler):
    """One a connection, so what it remembers belongs to the connection, as NTLM wants it."""

    protocol_version = "HTTP/1.1"
    # Head and body leave together: apart, each would wait for the other end's receipt.
    wbufsize = -1
    context = None
    count = 0

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.count += 1
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Negotiate":
            return self.negotiate(base64.b64decode(value))
        if SETTINGS.get("forgets") and self.count % SETTINGS["forgets"] == 0:
            self.context = None
        if self.context is not None and self.context.complete:
            return self.sealed(body) if SETTINGS.get("tls") is None else self.serve(body)
        if scheme == "Basic" and base64.b64decode(value).decode() == SETTINGS.get("basic"):
            return self.serve(body)
        if scheme == "Kerberos" and self.ticket(base64.b64decode(value)):
            return self.serve(body)
        # By TLS 1.3 Windows could not ask for it.
        if scheme == MUTUAL and SETTINGS.get("tls") and self.connection.getpeercert() and self.connection.version() == "TLSv1.2":
            return self.serve(body)
        return self.reply(401, b"", {"WWW-Authenticate": "Basic" if SETTINGS.get("basic") else "Negotiate"})

    def negotiate(self, token):
        try:
            if self.context is None or self.context.complete:
                bound = SETTINGS.get("bindings")
                name = gssapi.Name("HTTP@server", gssapi.NameType.hostbased_service)
                mechanism = SPNEGO if SETTINGS.get("spnego") else NTLM
                self.context = gssapi.SecurityContext(
                    creds=gssapi.Credentials(name=name, usage="accept", mechs=[mechanism]),
                    usage="accept",
                    channel_bindings=ChannelBindings(application_data=bytes.fromhex(bound)) if bound else None,
                )
            said = self.context.step(token)
        except gssapi.exceptions.GSSError as error:
            print(error, file=sys.stderr, flush=True)
            self.context = None
            return self.reply(401, b"", {"WWW-Authenticate": "Negotiate"})
        headers = {"WWW-Authenticate": "Negotiate " + base64.b64encode(said).decode()} if said else {}
        return self.reply(200 if self.context.complete else 401, b"", headers)

    def ticket(self, token):
        """A token is good once: its replay is refused by GSSAPI."""
        try:
            context = gssapi.SecurityContext(creds=gssapi.Credentials(usage="accept", mechs=[KRB5]), usage="accept")
            context.step(token)
            return context.complete
        except gssapi.exceptions.GSSError as error:
            print(error, file=sys.stderr, flush=True)
            return False

    def sealed(self, body):
        if not self.headers["Content-Type"].startswith("multipart/encrypted;"):
            return self.reply(415, b"")
        _, told, data = body.split(BOUNDARY, 2)
        length = int(re.search(rb"OriginalContent: type=application/soap\+xml;charset=UTF-8;Length=(\d+)\r\n", told)[1])
        data = data[len(b"\tContent-Type: application/octet-stream\r\n") : -len(b"--Encrypted Boundary--\r\n")]
        size = struct.unpack("<I", data[:4])[0]
        message, hidden, _ = self.context.unwrap(data[4:])
        if size != 16 or not hidden or len(message) != length:
            return self.reply(400, b"")
        return self.serve(message, self.wrap)

    def wrap(self, message):
        """In parts of 16 KiB, as Windows cuts."""
        parts = [message[at : at + 16384] for at in range(0, len(message), 16384)]
        sealed = b""
        for part in parts:
            head = "\tContent-Type: %s\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n" % (SEALED, len(part))
            data = self.context.wrap(part, True).message
            sealed += BOUNDARY + head.encode() + BOUNDARY + b"\tContent-Type: application/octet-stream\r\n" + struct.pack("<I", 16) + data
        kind = "multipart/encrypted" if len(parts) == 1 else "multipart/x-multi-encrypted"
        return sealed + b"--Encrypted Boundary--\r\n", '%s;protocol="%s";boundary="Encrypted Boundary"' % (kind, SEALED)

    def serve(self, call, wrap=lambda message: (message, "application/soap+xml;charset=UTF-8")):
        try:
            status, body = 200, answer(call)
        except Refused as refused:
            status, body = 500, fault_of(*refused.args)
        message, kind = wrap(envelope_of(body).encode())
        return self.reply(status, message, {"Content-Type": kind})

    def reply(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    tls = SETTINGS.get("tls")
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["certificate"], tls["key"])
        if tls.get("authority"):
            context.load_verify_locations(tls["authority"])
            context.verify_mode = ssl.CERT_OPTIONAL
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Until whoever started it is gone.
    sys.stdin.read()
    for shell in list(SHELLS.values()):
        stop(shell)
    os._exit(0)


main()
