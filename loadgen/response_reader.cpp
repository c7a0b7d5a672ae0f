#include "loadgen/response_reader.h"

#include <algorithm>
#include <cstring>

#include "common/workload.h"

namespace duelio::loadgen {
namespace {

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
  if (!in_body_ && head_bytes_.empty()) {
    const std::string_view known = last.bytes();
    if (!known.empty() && bytes.starts_with(known)) {
      status_ = last.status();
      closes_ = false;       // a response that closes is never kept,
      body_is_good_ = true;  // nor is one with the wrong body
      had_interim_ = false;
      return {Outcome::complete, known.size()};
    }
  }
  std::size_t used = 0;
  bool whole = false;
  std::size_t begin = 0;
  while (!in_body_) {
    whole = head_bytes_.empty();
    begin = used;
    if (!read_head(bytes, used, head_request)) {
      if (refusal_.flaw != Flaw::none) return {Outcome::malformed, used};
      return {Outcome::incomplete, used};
    }
    if (!head_.is_interim()) {
      in_body_ = true;
      chunks_ = {};
      body_size_ = 0;
      status_ = head_.status;
      closes_ = head_.closes;
      body_is_good_ = true;
    } else {
      had_interim_ = true;
      consumed_ = 0;
      if (used == bytes.size()) return {Outcome::incomplete, used};
    }
  }
  const std::size_t before = used;
  // What a HEAD request is told of has a body elsewhere.
  if (!read_body(bytes, used, head_request ? nullptr : expected)) {
    if (refusal_.flaw != Flaw::none) return {Outcome::malformed, used};
    consumed_ += used - before;
    return {Outcome::incomplete, used};
  }
  finish(head_request ? nullptr : expected);
  if (whole && body_is_good_ && !closes_) last.keep(bytes.substr(begin, used - begin), status_);
  return {Outcome::complete, used};
}

ResponseReader::Outcome ResponseReader::end(bool head_request,
                                            const ExpectedBody* expected) noexcept {
  if (!in_body_ || head_.body != Body::until_close) return Outcome::incomplete;
  finish(head_request ? nullptr : expected);
  return Outcome::complete;
}

// True when the head is whole and `used` behind it.
bool ResponseReader::read_head(std::string_view bytes, std::size_t& used, bool head_request) {
  const std::size_t before = head_bytes_.size();
  const std::string_view rest = bytes.substr(used);
  if (before > 0) head_bytes_.append(rest.substr(0, max_response_head - before));
  const std::string_view all =
      before > 0 ? std::string_view(head_bytes_) : rest.substr(0, max_response_head);
  const std::size_t size = find_head_end(all, search_, refusal_);
  if (refusal_.flaw != Flaw::none) return false;
  if (size == 0) {
    if (all.size() == max_response_head) {
      refusal_ = {Flaw::head_size, max_response_head};
      return false;
    }
    if (before == 0) head_bytes_ = rest;
    used = bytes.size();
    return false;
  }
  if (!parse_response_head(all.substr(0, size), head_request, head_, refusal_)) return false;
  used += size - before;
  consumed_ = size;
  head_bytes_.clear();
  search_ = {};
  return true;
}

// True when the body is whole and `used` behind it.
bool ResponseReader::read_body(std::string_view bytes, std::size_t& used,
                               const ExpectedBody* expected) {
  const std::string_view rest = bytes.substr(used);
  switch (head_.body) {
    case Body::none:
      return true;
    case Body::length: {
      const std::size_t size = std::min<std::uint64_t>(head_.length - body_size_, rest.size());
      take(rest.substr(0, size), expected);
      used += size;
      return body_size_ == head_.length;
    }
    case Body::chunked: {
      Flaw flaw = Flaw::none;
      const std::size_t size =
          chunks_.read(rest, flaw, [&](std::string_view piece) { take(piece, expected); });
      used += size;
      if (flaw != Flaw::none) refusal_ = {flaw, consumed_ + size};
      return chunks_.is_done();
    }
    case Body::until_close:
      take(rest, expected);
      used = bytes.size();
      return false;
  }
  return false;
}

void ResponseReader::take(std::string_view piece, const ExpectedBody* expected) noexcept {
  if (expected != nullptr && body_is_good_) {
    body_is_good_ = piece.size() <= expected->size() &&
                    body_size_ <= expected->size() - piece.size() &&
                    expected->holds(body_size_, piece);
  }
  body_size_ += piece.size();
}

void ResponseReader::finish(const ExpectedBody* expected) noexcept {
  if (expected != nullptr && body_size_ != expected->size()) body_is_good_ = false;
  in_body_ = false;
  had_interim_ = false;
}

}  // namespace duelio::loadgen
