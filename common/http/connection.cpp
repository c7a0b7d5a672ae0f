#include "common/http/connection.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "common/http/target.h"

namespace duelio::http {

Connection::Connection(Workspace& workspace, Buffers buffers)
    : workspace_(&workspace), parser_(workspace.limits()), buffers_(buffers) {
  if (buffers_ == Buffers::owned && !reserve_input(Workspace::receive_size)) abort();
}

std::span<char> Connection::prepare() {
  assert(want_ == Want::read);
  if (input_capacity_ == 0) return workspace_->receive_buffer();
  return {input_.get() + input_size_, input_capacity_ - input_size_};
}

Want Connection::commit(std::size_t n) {
  assert(want_ == Want::read && n > 0);
  if (input_capacity_ == 0) return absorb(workspace_->receive_buffer().data(), n);
  return absorb(input_.get(), input_size_ + n);
}

Want Connection::receive(std::span<const char> bytes) {
  assert(want_ == Want::read);
  if (input_size_ == 0) return absorb(bytes.data(), bytes.size());
  if (!reserve_input(input_size_ + bytes.size())) return abort();
  std::memcpy(input_.get() + input_size_, bytes.data(), bytes.size());
  return absorb(input_.get(), input_size_ + bytes.size());
}

// `data` holds all that is received and not used up.
Want Connection::absorb(const char* data, std::size_t size) {
  if (discarding_) {
    input_size_ = 0;
    if (size >= discard_left_) return want_ = Want::close;
    discard_left_ -= size;
    return want_;
  }
  const std::size_t used = process(data, size);
  if (used == size || last_answer_) {
    // Bytes behind the last answer's request would make the kernel answer close(2) with a reset.
    if (used != size) linger_ = true;
    drop_input();
  } else if (!keep_input(data + used, size - used)) {
    return abort();
  }
  if (buffers_ != Buffers::lent && output_size_ > 0 && !keep_output()) return abort();
  return settle();
}

// Answers complete requests in order until the bytes are used up, the output is full or the last
// answer is given. Returns how many bytes were used up; the parser remembers how far it looked into
// the others.
std::size_t Connection::process(const char* data, std::size_t size) {
  std::size_t used = 0;
  while (!last_answer_) {
    if (in_body_) {
      const std::size_t piece = std::min<std::uint64_t>(body_left_, size - used);
      used += piece;
      body_left_ -= piece;
      ++progress_;
      if (body_left_ > 0) break;
      in_body_ = false;
      answer(used == size);
      continue;
    }
    // RFC 9112 section 2.2: empty lines before a request line are not of the request. They are used
    // up here, so that one behind a body leaves the connection idle. (No request begins with CR.)
    while (size - used >= 2 && data[used] == '\r' && data[used + 1] == '\n') used += 2;
    if (used == size || is_full()) break;
    const Outcome outcome = parser_.parse({data + used, size - used});
    if (outcome == Outcome::incomplete) break;
    if (outcome == Outcome::rejected) {
      refuse(parser_.error());
      break;
    }
    used += parser_.head_size();
    accept_head(used != size);
    parser_.reset();
    if (!in_body_) answer(used == size);
  }
  return used;
}

void Connection::accept_head(bool body_has_begun) {
  const RequestHead& head = parser_.head();
  request_.task = workload::task_for(path_of(head.target));
  request_.head_only = head.method == "HEAD";
  request_.persistence = !head.keep_alive ? Persistence::closing
                         : head.http10    ? Persistence::announced
                                          : Persistence::implied;
  body_left_ = head.content_length;
  in_body_ = body_left_ > 0;
  if (in_body_ && head.expects_continue && !body_has_begun) append("HTTP/1.1 100 Continue\r\n\r\n");
}

void Connection::answer(bool last) {
  ++workspace_->requests;
  ++progress_;
  const workload::Task& task = request_.task;
  if (task.cpu_ns > 0) workload::burn_cpu(task.cpu_ns);
  if (draining_) request_.persistence = Persistence::closing;
  last_answer_ = request_.persistence == Persistence::closing;

  const bool hello = task.kind == workload::Task::Kind::hello;
  if (hello && request_.persistence == Persistence::implied && !request_.head_only) {
    const std::string_view whole = workspace_->hello();
    if (last && output_size_ == 0) {
      output_ = whole.data();  // the usual case: nothing queued, nothing copied
      output_size_ = whole.size();
    } else {
      append(whole);
    }
    return;
  }
  const std::string_view content = hello ? "Hello" : std::string_view{};
  const std::uint64_t length = hello ? content.size() : task.bytes;
  append_answer(Status::ok, hello ? "text/html" : "application/octet-stream", length);
  if (request_.head_only) return;
  if (hello) return append(content);
  const std::uint64_t room = Workspace::send_size - output_size_;
  const auto first = workload::pattern(0, std::min(length, room));
  append({first.data(), first.size()});
  stream_offset_ = first.size();
  stream_left_ = length - first.size();
}

void Connection::append_answer(Status status, std::string_view content_type, std::uint64_t length) {
  output_ = workspace_->send_buffer().data();
  output_size_ += workspace_->write_head(workspace_->send_buffer().data() + output_size_, status,
                                         content_type, length, request_.persistence);
}

void Connection::append(std::string_view bytes) noexcept {
  output_ = workspace_->send_buffer().data();
  std::memcpy(workspace_->send_buffer().data() + output_size_, bytes.data(), bytes.size());
  output_size_ += bytes.size();
}

void Connection::refuse(Status status) {
  ++workspace_->rejections;
  request_.persistence = Persistence::closing;
  append_answer(status, {}, 0);
  last_answer_ = true;
  linger_ = true;
}

Want Connection::settle() noexcept {
  if (has_output()) return want_ = Want::write;
  if (last_answer_) return want_ = linger_ ? Want::half_close : Want::close;
  return want_ = Want::read;
}

std::span<const char> Connection::output() const noexcept {
  if (output_size_ > 0) return {output_, output_size_};
  return workload::pattern(stream_offset_, stream_left_);
}

bool Connection::is_last_output() const noexcept {
  return want_ == Want::write && !last_answer_ && input_size_ == 0 &&
         output().size() == output_size_ + stream_left_;
}

Want Connection::consume(std::size_t n) {
  assert(want_ == Want::write && n <= output().size());
  if (n > 0) ++progress_;
  if (output_size_ > 0) {
    output_ += n;
    output_size_ -= n;
    if (output_size_ > 0 && !keep_output()) return abort();
  } else {
    stream_offset_ += n;
    stream_left_ -= n;
  }
  if (has_output()) return want_;
  if (buffers_ == Buffers::lent && kept_capacity_ != 0) {
    kept_output_.reset();
    kept_capacity_ = 0;
  }
  if (input_size_ > 0 && !last_answer_) return absorb(input_.get(), input_size_);
  return settle();
}

Want Connection::commit_half_close() noexcept {
  assert(want_ == Want::half_close);
  discarding_ = true;
  discard_left_ = workspace_->limits().body;
  return want_ = Want::read;
}

Want Connection::abort() noexcept {
  output_size_ = 0;
  stream_left_ = 0;
  return want_ = Want::close;
}

Phase Connection::phase() const noexcept {
  if (want_ == Want::write) return Phase::write;
  if (last_answer_) return Phase::linger;
  if (in_body_) return Phase::body;
  return is_idle() ? Phase::idle : Phase::head;
}

Want Connection::expire() {
  if (want_ != Want::read || last_answer_ || is_idle()) return abort();
  in_body_ = false;
  drop_input();
  refuse(Status::request_timeout);
  if (buffers_ != Buffers::lent && !keep_output()) return abort();
  return settle();
}

bool Connection::is_idle() const noexcept {
  // Half an empty line is nothing of a request either.
  const bool empty = input_size_ == 0 || (input_size_ == 1 && input_[0] == '\r');
  return want_ == Want::read && empty && !in_body_ && !discarding_;
}

// Room for one more answer's head, or for a 100 Continue and an answer.
bool Connection::is_full() const noexcept {
  return stream_left_ > 0 || output_size_ + 2 * Workspace::max_answer_head > Workspace::send_size;
}

void Connection::drop_input() noexcept {
  input_size_ = 0;
  if (buffers_ == Buffers::owned || input_capacity_ == 0) return;
  input_.reset();
  input_capacity_ = 0;
}

bool Connection::keep_input(const char* rest, std::size_t size) {
  if (rest >= input_.get() && rest < input_.get() + input_capacity_) {
    if (rest != input_.get()) std::memmove(input_.get(), rest, size);
  } else {
    input_size_ = 0;  // nothing of the old content is wanted, should the room have to grow
    if (!reserve_input(size)) return false;
    std::memcpy(input_.get(), rest, size);
  }
  input_size_ = size;
  return true;
}

// Always leaves room for a whole head, so that prepare() has room until the parser refuses the
// head.
bool Connection::reserve_input(std::size_t size) {
  const std::size_t wanted =
      std::max({size, Workspace::receive_size, workspace_->limits().head + 1});
  if (input_capacity_ >= wanted) return true;
  std::unique_ptr<char[]> larger(new (std::nothrow) char[wanted]);
  if (larger == nullptr) return false;
  if (input_size_ > 0) std::memcpy(larger.get(), input_.get(), input_size_);
  input_ = std::move(larger);
  input_capacity_ = wanted;
  return true;
}

bool Connection::keep_output() {
  if (output_ >= kept_output_.get() && output_ < kept_output_.get() + kept_capacity_) return true;
  if (kept_capacity_ < output_size_) {
    std::unique_ptr<char[]> larger(new (std::nothrow) char[output_size_]);
    if (larger == nullptr) return false;
    kept_output_ = std::move(larger);
    kept_capacity_ = output_size_;
  }
  std::memcpy(kept_output_.get(), output_, output_size_);
  output_ = kept_output_.get();
  return true;
}

}  // namespace duelio::http
