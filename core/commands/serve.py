"""python -m core serve: judge pictures that are sent over HTTP."""

import argparse

from core.commands.options import add_checkpoint, add_intake, add_threshold, load_checkpoint, tell, wishes
from core.commands.stopping import Stop

HOST, PORT = "127.0.0.1", 8600


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    serve = commands.add_parser(
        "serve",
        help="judge pictures that are sent over HTTP",
        description="POST /score answers with JSON as `score --json` prints it, for one picture as the body or several as "
        "multipart/form-data; /health and /metrics are for whoever runs it. docs/operations.md says more.",
    )
    serve.add_argument(
        "--host", default=HOST, metavar="ADDRESS", help=f"(default: {HOST}, which only this machine reaches)"
    )
    serve.add_argument("--port", type=int, default=PORT, metavar="N", help=f"(default: {PORT}; 0: a free one)")
    add_threshold(serve)
    add_intake(serve)
    add_checkpoint(serve)
    serve.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from core.line import model, server

    opened = model.opened(load_checkpoint(options), wishes(options))
    with server.bound(options.host, options.port) as listening:
        place = f"[{options.host}]" if ":" in options.host else options.host
        tell(f"http://{place}:{listening.getsockname()[1]}/score; {opened.name} judges at {opened.threshold:.4f}.")
        with Stop():  # uvicorn ends on the signal, and passes it on to this
            server.serve(opened, listening, options.host, tell)
    return 0
