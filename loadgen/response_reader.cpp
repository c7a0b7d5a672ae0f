#include "loadgen/response_reader.h"

#include <algorithm>
#include <cstring>

#include "common/http/field_values.h"
#include "common/workload.h"

namespace duelio::loadgen {
namespace {

// Bytes of the head including its empty line, 0 when that has not come.
std::size_t head_size(std::string_view bytes) noexcept {
  constexpr std::string_view end = "\r\n\r\n";
  const void* const found = memmem(bytes.data(), bytes.size(), end.data(), end.size());
  if (found == nullptr) return 0;
  return static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + end.size();
}

constexpr std::string_view hello = "Hello";

}  // namespace

ExpectedBody::ExpectedBody(std::string_view target) noexcept {
  const workload::Task task = workload::task_for(target.substr(0, target.find('?')));
  is_pattern_ = task.kind == workload::Task::Kind::bytes;
  size_ = is_pattern_ ? task.bytes : hello.size();
}

bool ExpectedBody::holds(std::uint64_t offset, std::string_view piece) const noexcept {
  if (!is_pattern_) return hello.substr(offset, piece.size()) == piece;
  while (!piece.empty()) {
    const std::span<const char> wanted = workload::pattern(offset, piece.size());
    if (std::memcmp(wanted.data(), piece.data(), wanted.size()) != 0) return false;
    piece.remove_prefix(wanted.size());
    offset += wanted.size();
  }
  return true;
}

void LastAnswer::keep(std::string_view whole, int status) noexcept {
  size_ = 0;
  if (whole.size() > bytes_.size()) return;
  std::memcpy(bytes_.data(), whole.data(), whole.size());
  size_ = whole.size();
  status_ = status;
}

ResponseReader::Result ResponseReader::read(std::string_view bytes, LastAnswer& last,
                                            bool head_request, const ExpectedBody* expected) {
  if (!in_answer()) {
    const std::string_view known = last.bytes();
    if (!known.empty() && bytes.starts_with(known)) {
      status_ = last.status();
      closes_ = false;       // an answer that closes is never kept,
      body_is_good_ = true;  // nor is one with the wrong body
      return {Outcome::complete, known.size()};
    }
  }
  std::size_t used = 0;
  if (!in_body_) {
    const bool whole = head_.empty();
    const std::size_t before = head_.size();
    if (!whole) head_.append(bytes.substr(0, max_head));
    const std::string_view all = whole ? bytes : std::string_view(head_);
    const std::size_t size = head_size(all);
    if (size == 0) {
      if (all.size() >= max_head) return {Outcome::malformed, 0};
      if (whole) head_ = bytes;
      return {Outcome::incomplete, bytes.size()};
    }
    if (!parse_head(all.substr(0, size), head_request)) return {Outcome::malformed, 0};
    used = size - before;
    head_.clear();
    if (status_ >= 100 && status_ < 200) {
      if (used == bytes.size()) return {Outcome::incomplete, used};
      const Result rest = read(bytes.substr(used), last, head_request, expected);
      return {rest.outcome, used + rest.used};
    }
    body_size_ = body_left_;
    body_is_good_ = expected == nullptr || head_request || body_size_ == expected->size();
    if (whole && body_left_ <= bytes.size() - used && !closes_) {
      const std::size_t end = used + body_left_;
      check_body(expected, head_request, bytes.substr(used, body_left_));
      if (body_is_good_) last.keep(bytes.substr(0, end), status_);
      body_left_ = 0;
      return {Outcome::complete, end};
    }
    in_body_ = true;
  }
  const std::size_t piece = std::min<std::uint64_t>(body_left_, bytes.size() - used);
  check_body(expected, head_request, bytes.substr(used, piece));
  body_left_ -= piece;
  used += piece;
  if (body_left_ > 0) return {Outcome::incomplete, used};
  in_body_ = false;
  return {Outcome::complete, used};
}

void ResponseReader::check_body(const ExpectedBody* expected, bool head_request,
                                std::string_view piece) noexcept {
  if (expected == nullptr || head_request || !body_is_good_) return;
  body_is_good_ = expected->holds(body_size_ - body_left_, piece);
}

bool ResponseReader::parse_head(std::string_view head, bool head_request) {
  // status-line = HTTP-version SP 3DIGIT SP [reason], RFC 9112 section 4
  constexpr std::size_t shortest = std::string_view("HTTP/1.1 200\r\n").size();
  if (head.size() < shortest || !head.starts_with("HTTP/1.") || head[8] != ' ') return false;
  status_ = 0;
  for (std::size_t i = 9; i < 12; ++i) {
    if (head[i] < '0' || head[i] > '9') return false;
    status_ = status_ * 10 + (head[i] - '0');
  }
  if (head[12] != ' ' && head[12] != '\r') return false;
  closes_ = head[7] == '0';
  // Whatever its fields say, which are those of the answer that had one: RFC 9112 section 6.3,
  // rule 1.
  const bool bodiless = head_request || status_ < 200 || status_ == 204 || status_ == 304;
  bool has_length = false;
  body_left_ = 0;
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.starts_with("\r\n")) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    if (http::equals_ignoring_case(name, "content-length")) {
      std::uint64_t length = 0;
      if (!http::parse_content_length(value, length)) return false;
      if (has_length && length != body_left_) return false;  // RFC 9112 section 6.3, rule 5
      body_left_ = length;
      has_length = true;
    } else if (http::equals_ignoring_case(name, "transfer-encoding")) {
      if (!bodiless) return false;  // this generator frames by content-length only
    } else if (http::equals_ignoring_case(name, "connection")) {
      http::for_each_element(value, [this](std::string_view option) {
        if (http::equals_ignoring_case(option, "close")) closes_ = true;
        if (http::equals_ignoring_case(option, "keep-alive")) closes_ = false;
      });
    }
    head.remove_prefix(end + 2);
  }
  if (bodiless) body_left_ = 0;
  return has_length || bodiless;
}

}  // namespace duelio::loadgen
