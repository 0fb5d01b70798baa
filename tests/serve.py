#!/usr/bin/env python3
"""Serves one recorded answer on 127.0.0.1, the way a model server sends it.

Prints the port that it was given, then answers every GET and POST with the
capture: event by event, chunked, as text/event-stream (a capture that is JSON or
HTML goes out as that, in one piece). Runs until it is killed, or for --times requests.
"""
import argparse
import re
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler

EVENT_END = re.compile(rb"(?:\r\n\r\n|\n\n|\r\r)")


def events_of(body):
    """The capture's events, each with the blank line that ends it."""
    events, start = [], 0
    for end in EVENT_END.finditer(body):
        events.append(body[start:end.end()])
        start = end.end()
    if start < len(body):
        events.append(body[start:])
    return events


def type_and_status_of(body):
    if body.startswith(b"{"):
        return "application/json", 400 if body.startswith(b'{"error"') else 200
    if body.startswith(b"<"):
        return "text/html", 502
    return "text/event-stream; charset=utf-8", 200


def handler_for(body, delay):
    kind, status = type_and_status_of(body)
    parts = events_of(body) if kind.startswith("text/event-stream") else [body]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in parts:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
                time.sleep(delay)
            self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    return Handler


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """A client that hangs up is no error of the server."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("capture")
    parser.add_argument("--port", type=int, default=0, help="0, the default: any that is free")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="between events")
    parser.add_argument("--times", type=int, default=0, metavar="N", help="end after N requests")
    args = parser.parse_args()
    with open(args.capture, "rb") as file:
        body = file.read()
    with Server(("127.0.0.1", args.port), handler_for(body, args.delay)) as server:
        server.daemon_threads = args.times == 0
        print(server.server_address[1], flush=True)
        try:
            if args.times == 0:
                server.serve_forever()
            for _ in range(args.times):
                server.handle_request()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
