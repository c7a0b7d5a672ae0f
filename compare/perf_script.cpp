#include "compare/perf_script.h"

#include <algorithm>
#include <charconv>

namespace duelio::compare {
namespace {

constexpr std::string_view unknown = "[unknown]";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

template <class Number>
bool read_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool skip(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

// Addresses of the kernel have their upper half set, on every 64-bit architecture of Linux; names
// of its objects differ (kallsyms, vmlinux, modules).
bool is_of_kernel(std::string_view address) {
  return address.size() == 16 && address.starts_with("ffff");
}

// "(/usr/lib/libc.so.6)" is libc.so.6.
std::string module_of(std::string_view object) {
  if (object.starts_with('(')) object.remove_prefix(1);
  if (object.ends_with(')')) object.remove_suffix(1);
  if (object.ends_with(" (deleted)")) object.remove_suffix(std::string_view(" (deleted)").size());
  const std::size_t slash = object.rfind('/');
  return std::string(slash == std::string_view::npos ? object : object.substr(slash + 1));
}

// Behind the bracket that opens at `at`.
std::size_t behind_template_arguments(std::string_view symbol, std::size_t at) {
  std::size_t depth = 0;
  for (; at < symbol.size(); ++at) {
    if (symbol[at] == '<') ++depth;
    if (symbol[at] == '>' && symbol[at - 1] != '-' && --depth == 0) return at + 1;
  }
  return symbol.size();
}

}  // namespace

std::string short_symbol(std::string_view symbol) {
  constexpr std::string_view anonymous = "(anonymous namespace)";
  constexpr std::string_view call = "operator()";
  std::string out;
  for (std::size_t at = 0; at < symbol.size();) {
    const std::string_view rest = symbol.substr(at);
    const char each = rest.front();
    if (rest.starts_with(anonymous) || rest.starts_with(call)) {
      const std::string_view kept = rest.starts_with(call) ? call : anonymous;
      out += kept;
      at += kept.size();
    } else if (each == '<' && !out.empty() && !out.ends_with("operator") &&
               !out.ends_with("operator<")) {
      out += "<..>";
      at = behind_template_arguments(symbol, at);
    } else if (!out.empty() &&
               (each == '(' || each == '@' || each == '.' || rest.starts_with(" [clone"))) {
      break;
    } else {
      out += each;
      ++at;
    }
  }
  return out;
}

void PerfScript::read(std::string_view line) {
  if (trimmed(line).empty()) return end_sample();
  if (line.starts_with('\t') && is_in_sample_) return read_frame(trimmed(line));
  end_sample();
  read_head(trimmed(line));
}

// "7999/7999    615.845316692: cpu-clock:"
void PerfScript::read_head(std::string_view line) {
  pid_t tid = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  sample_ = {};
  if (!read_number(line, sample_.pid) || !skip(line, '/') || !read_number(line, tid)) return;
  line = trimmed(line);
  if (!read_number(line, seconds) || !skip(line, '.')) return;
  const std::size_t digits = line.find(':');
  if (digits != 9 || !read_number(line, nanoseconds) || !skip(line, ':')) return;
  sample_.at_ns = seconds * 1'000'000'000 + nanoseconds;
  is_in_sample_ = true;
  of_user_mode_alone_ = of_user_mode_alone_ || trimmed(line).starts_with("cpu-clock:u");
}

// "ffffffff8225a695 do_syscall_64 ([kernel.kallsyms])"; innermost first.
void PerfScript::read_frame(std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::size_t object = std::max(line.rfind(" (/") + 1, line.rfind(" ([") + 1);
  if (space == std::string_view::npos || object <= space) return;
  const std::string_view symbol = trimmed(line.substr(space, object - space));
  const std::string module =
      is_of_kernel(line.substr(0, space)) ? "kernel" : module_of(line.substr(object));
  sample_.frames.push_back(module + "`" +
                           (symbol == unknown ? std::string(unknown) : short_symbol(symbol)));
}

void PerfScript::end_sample() {
  if (!is_in_sample_) return;
  is_in_sample_ = false;
  // Code without frame pointers breaks a chain: what lies beyond is no caller.
  constexpr std::string_view nowhere = "[unknown]`[unknown]";
  const auto& frames = sample_.frames;
  if (!frames.empty())
    sample_.frames.erase(std::find(frames.begin() + 1, frames.end(), nowhere), frames.end());
  std::reverse(sample_.frames.begin(), sample_.frames.end());
  samples_.push_back(std::move(sample_));
}

std::vector<StackSample> PerfScript::take() {
  end_sample();
  return std::move(samples_);
}

}  // namespace duelio::compare
