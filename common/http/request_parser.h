#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Request framing by RFC 9112, for requests whose body length is given by content-length.
namespace duelio::http {

struct Limits {
  std::size_t head = 8 * 1024;        // request line and fields with their line ends, in bytes
  std::uint64_t body = 64ULL << 20U;  // in bytes
};

// The status codes that the server sends (RFC 9110 section 15).
enum class Status : std::uint16_t {
  ok = 200,
  bad_request = 400,
  request_timeout = 408,
  content_too_large = 413,
  uri_too_long = 414,
  expectation_failed = 417,
  fields_too_large = 431,
  not_implemented = 501,
  version_not_supported = 505,
};

struct RequestHead {
  std::string_view method;  // views into the bytes of the parse() call that completed the head
  std::string_view target;
  std::uint64_t content_length = 0;
  bool keep_alive = true;         // RFC 9112 section 9.3
  bool http10 = false;            // such a client must be told `connection: keep-alive`
  bool expects_continue = false;  // RFC 9110 section 10.1.1
};

enum class Outcome : std::uint8_t { incomplete, complete, rejected };

// How the parser finds where a token ends; both give the same answers.
enum class ScanPath : std::uint8_t { portable, avx2 };
bool is_available(ScanPath path) noexcept;

// Resumable: a head may arrive in any pieces, and a line that arrives in pieces is not scanned
// from its start again.
// Allocates nothing and keeps no pointer: bytes may move between calls.
//
// Stricter than the RFC's permissions where leniency has been used to smuggle requests: a bare LF,
// obs-fold, a blank before a colon and a control character are errors; so is every
// transfer-encoding, because this server frames by content-length only.
class RequestParser {
 public:
  explicit RequestParser(const Limits& limits) noexcept : limits_(limits) {}

  // `bytes` holds everything received since the previous request ended: the bytes of the last call,
  // at the same positions, and any that came since. Not to be called again after complete or
  // rejected until reset().
  Outcome parse(std::string_view bytes) noexcept;
  Outcome parse(std::string_view bytes, ScanPath path) noexcept;

  // After complete: the head, and how many of the bytes it takes (blank lines before and after
  // included).
  const RequestHead& head() const noexcept { return head_; }
  std::size_t head_size() const noexcept { return state_.scanned; }

  // After rejected: what to answer before the connection is closed.
  Status error() const noexcept { return state_.error; }

  void reset() noexcept { state_ = State{}; }

 private:
  enum class Stage : std::uint8_t {
    start,
    method,
    target,
    version,
    field_start,
    field_name,
    value_start,
    value,
    value_end
  };
  enum class Field : std::uint8_t {
    other,
    host,
    expect,
    connection,
    content_length,
    transfer_encoding
  };

  struct State {
    std::uint64_t content_length = 0;
    std::uint32_t scanned = 0;  // positions are offsets into `bytes`
    std::uint32_t token = 0;    // where the token being scanned began
    std::uint32_t method_begin = 0;
    std::uint32_t target_begin = 0;
    std::uint32_t target_end = 0;
    Status error = Status::ok;
    Stage stage = Stage::start;
    Field field = Field::other;
    bool http10 = false;
    bool has_host = false;
    bool has_length = false;
    bool has_transfer_encoding = false;
    bool close = false;
    bool keep_alive = false;
    bool expects_continue = false;
    bool expects_other = false;
  };

  template <class Scan>
  Outcome run(std::string_view bytes) noexcept;
  [[gnu::target("avx2,bmi,bmi2")]] Outcome run_avx2(std::string_view bytes) noexcept;
  Outcome run_portable(std::string_view bytes) noexcept;

  Outcome reject(Status status) noexcept;
  Outcome wait(std::size_t scanned, std::size_t available) noexcept;
  Outcome finish(std::string_view bytes) noexcept;
  Status check_version(const char* p, std::size_t available) noexcept;
  static Field field_of(std::string_view name) noexcept;
  template <class Scan>
  Status take(const char* begin, const char* end) noexcept;
  Status take_value(std::string_view value) noexcept;
  Status take_content_length(std::string_view value) noexcept;

  Limits limits_;
  State state_;
  RequestHead head_;
};

}  // namespace duelio::http
