// Boost.Asio in the shape of backends/asio.cpp, without our connection core and parser: accept,
// async_read_some, a canned answer by async_write. A peer of the comparison that shows whether our
// core handicaps Asio. It takes each receive for one request, so it stands for unpipelined loads
// only.
//   duelio-asio-minimal PORT
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <boost/asio.hpp>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

constexpr char answer[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n"
    "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nHello";

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}
  void read() {
    socket_.async_read_some(net::buffer(buffer_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error) self->write();
                            });
  }

 private:
  void write() {
    net::async_write(socket_, net::buffer(answer, sizeof answer - 1),
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (!error) self->read();
                     });
  }
  tcp::socket socket_;
  std::array<char, 16 * 1024> buffer_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket))->read();
    accept(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fputs("Usage: duelio-asio-minimal PORT [HOST]\n", stderr);
    return 2;
  }
  net::io_context context(1);
  const auto port = static_cast<net::ip::port_type>(std::atoi(argv[1]));
  tcp::acceptor acceptor(context, {net::ip::make_address(argc == 3 ? argv[2] : "127.0.0.1"), port});
  acceptor.set_option(tcp::no_delay(true));
  accept(acceptor);
  context.run();
}
