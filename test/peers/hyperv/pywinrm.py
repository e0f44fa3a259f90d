"""Debian's pywinrm as a client: runs one command in a shell, and prints what came of it as JSON. Its settings come as JSON on standard input."""

import json
import sys

from winrm.protocol import Protocol

told = json.load(sys.stdin)
# Else requests would send Latin-1.
password = told["password"].encode() if told["transport"] == "basic" else told["password"]
protocol = Protocol(
    endpoint=told["endpoint"],
    transport=told["transport"],
    username=told["username"],
    password=password,
    server_cert_validation="validate" if "ca" in told else "ignore",
    ca_trust_path=told.get("ca"),
    message_encryption=told.get("encryption", "auto"),
    read_timeout_sec=8,
    operation_timeout_sec=5,
)
shell = protocol.open_shell(codepage=65001)
try:
    command = protocol.run_command(shell, told["command"], told.get("arguments", []))
    output, errors, code = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
finally:
    protocol.close_shell(shell)
print(json.dumps({"output": output.decode(), "errors": errors.decode(), "code": code}))
