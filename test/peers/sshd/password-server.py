"""
An SSH server by paramiko, which shares no code with OpenSSH or with us: lets in by password (argument 1: `password`) or by questions of its own
(`keyboard-interactive`). OpenSSH's server would need a user of the machine for that. Runs no commands. Says its port and
its key, then serves until it is ended.
"""
import socket
import sys
import threading

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL

METHOD, USER, PASSWORD = sys.argv[1], r"LAB\ada", "correct horse"
KEY = paramiko.ECDSAKey.generate()


class Door(paramiko.ServerInterface):
    def get_allowed_auths(self, username):
        return METHOD

    def check_auth_password(self, username, password):
        return AUTH_SUCCESSFUL if METHOD == "password" and (username, password) == (USER, PASSWORD) else AUTH_FAILED

    def check_auth_interactive(self, username, submethods):
        if METHOD != "keyboard-interactive" or username != USER:
            return AUTH_FAILED
        return paramiko.InteractiveQuery("", "", ("Kennwort: ", False))

    def check_auth_interactive_response(self, responses):
        return AUTH_SUCCESSFUL if responses == [PASSWORD] else AUTH_FAILED


def serve(client):
    transport = paramiko.Transport(client)
    transport.add_server_key(KEY)
    try:
        transport.start_server(server=Door())
        transport.join()
    except (paramiko.SSHException, EOFError):
        pass


listener = socket.create_server(("127.0.0.1", 0))
print(f"{listener.getsockname()[1]} {KEY.get_base64()}", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
