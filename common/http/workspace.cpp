#include "common/http/workspace.h"

#include <charconv>
#include <cstring>

namespace duelio::http {
namespace {

std::string_view status_line(Status status) noexcept {
  switch (status) {
    case Status::ok:
      return "HTTP/1.1 200 OK\r\n";
    case Status::bad_request:
      return "HTTP/1.1 400 Bad Request\r\n";
    case Status::request_timeout:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case Status::content_too_large:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case Status::uri_too_long:
      return "HTTP/1.1 414 URI Too Long\r\n";
    case Status::expectation_failed:
      return "HTTP/1.1 417 Expectation Failed\r\n";
    case Status::fields_too_large:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case Status::not_implemented:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case Status::version_not_supported:
      return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
  }
  return {};
}

char* append(char* to, std::string_view text) noexcept {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

}  // namespace

Workspace::Workspace(const Limits& limits, const DateClock& clock)
    : limits_(limits), clock_(&clock) {
  refresh();
}

std::size_t Workspace::write_head(char* to, Status status, std::string_view content_type,
                                  std::uint64_t content_length, Persistence persistence) noexcept {
  if (clock_->version() != date_version_) refresh();
  char* p = append(to, status_line(status));
  if (!content_type.empty()) {
    p = append(p, "content-type: ");
    p = append(p, content_type);
    p = append(p, "\r\n");
  }
  p = append(p, "content-length: ");
  p = std::to_chars(p, p + 20, content_length).ptr;
  p = append(p, "\r\ndate: ");
  p = append(p, {date_.data(), DateClock::size});
  if (persistence == Persistence::announced) p = append(p, "\r\nconnection: keep-alive");
  if (persistence == Persistence::closing) p = append(p, "\r\nconnection: close");
  p = append(p, "\r\n\r\n");
  return static_cast<std::size_t>(p - to);
}

void Workspace::refresh() noexcept {
  date_version_ = clock_->read(date_);
  hello_size_ = write_head(hello_.data(), Status::ok, "text/html", 5, Persistence::implied);
  hello_size_ =
      static_cast<std::size_t>(append(hello_.data() + hello_size_, "Hello") - hello_.data());
}

}  // namespace duelio::http
