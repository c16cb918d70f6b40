"""A test server of Jackdaw for Python: starts `jackdaw rig` and speaks to its control API. Standard library alone."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request


class RigError(AssertionError):
    """What the rig says was not as expected, or cannot be."""


class Rig:
    """`with Rig("romeo", "juliet") as rig:`"""

    def __init__(self, *users, options=(), command=("node", "node_modules/jackdaw/bin/jackdaw.js")):
        names = [argument for user in users for argument in ("--user", user)]
        self._process = subprocess.Popen(
            [*command, "rig", *names, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline()
        if not line:
            self.__exit__()
            raise RigError(f"jackdaw rig ended with {self._process.returncode}; why is on its standard error")
        ready = json.loads(line)
        self.control = ready["control"]
        self.domain = ready["domain"]
        self.port = ready["port"]
        self.ca = ready["ca"]
        self.services = ready["services"]
        self.users = {user["jid"].split("@")[0]: user for user in ready["users"]}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def get(self, operation, **arguments):
        query = urllib.parse.urlencode(arguments)
        return self._ask(urllib.request.Request(f"{self.control}/{operation}?{query}"))

    def post(self, operation, **arguments):
        body = json.dumps(arguments).encode()
        headers = {"Content-Type": "application/json"}
        return self._ask(urllib.request.Request(f"{self.control}/{operation}", body, headers))

    def expect(self, within="2s", **pattern):
        """The first stanza that fits; `from` is written `from_`."""
        on = {key.rstrip("_"): value for key, value in pattern.items()}
        return self.post("expect", on=on, within=within)

    def fault(self, **options):
        """See docs/testing-with-jackdaw.md for what can go wrong."""
        return self.post("fault-add", **options)["id"]

    def _ask(self, request):
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise RigError(json.load(error)["detail"]) from None
