#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace duelio::compare {

// Where a thread was. Frames are outermost first, each "MODULE`SYMBOL": "kernel`tcp_sendmsg",
// "libc.so.6`__send"; without template arguments, parameters and the suffixes of the compiler's
// clones.
struct StackSample {
  pid_t pid = 0;
  std::int64_t at_ns = 0;  // CLOCK_MONOTONIC
  std::vector<std::string> frames;
};

// "std::vector<int, A>::push_back(int const&)" is "std::vector<..>::push_back", and
// "do_softirq.part.0" is "do_softirq".
std::string short_symbol(std::string_view symbol);

// Reads what `perf script --ns --no-inline -F pid,tid,time,event,ip,sym,dso` prints, line by line;
// what is of no such form (a warning) is passed over.
class PerfScript {
 public:
  void read(std::string_view line);
  // All that was read so far.
  std::vector<StackSample> take();
  // perf(1) falls back to samples of user mode alone where the kernel's are refused: shares of
  // those would be of something else.
  bool is_of_user_mode_alone() const noexcept { return of_user_mode_alone_; }

 private:
  void read_head(std::string_view line);
  void read_frame(std::string_view line);
  void end_sample();

  std::vector<StackSample> samples_;
  StackSample sample_;
  bool is_in_sample_ = false;
  bool of_user_mode_alone_ = false;
};

}  // namespace duelio::compare
