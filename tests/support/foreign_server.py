"""A foreign server at an address and a port. It writes a line for each request, which fills any pipe that nobody reads."""
import http.server
import socketserver
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", "5")
        self.end_headers()
        self.wfile.write(b"Hello")

    def log_message(self, *words):
        print("a line for each request, " + 200 * "x", flush=True)


class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):  # without a look at the name of the host, which nobody knows in a network of its own
        socketserver.TCPServer.server_bind(self)


if __name__ == "__main__":
    Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
