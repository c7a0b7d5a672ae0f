#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace duelio::loadgen {

// What is to be looked at again at some time, in slots of one tick each (a timing wheel: Varghese
// and Lauck, 1987). Adding is O(1), and a look costs what falls due, however much there is: a
// connection on which nothing happens costs nothing. An entry cannot be taken out; who finds that
// nothing is due any more drops it, or adds it anew for later.
template <class Entry>
class TimerWheel {
 public:
  explicit TimerWheel(std::int64_t tick_ns) : tick_ns_(tick_ns) {}

  // Forgets all. `now` is when the wheel begins to turn.
  void start(std::int64_t now) {
    for (auto& slot : slots_) slot.clear();
    turned_ = now / tick_ns_;
  }

  // For the first look at or after `when`, or one before it when that is too far away.
  void add(Entry entry, std::int64_t when) {
    const std::int64_t tick = (when + tick_ns_ - 1) / tick_ns_;
    slot(std::clamp(tick, turned_ + 1, turned_ + slots - 1)).push_back(entry);
  }

  // Calls look(entry) for what has fallen due. It may add.
  template <class Look>
  void turn(std::int64_t now, Look look) {
    while (turned_ < now / tick_ns_) {
      due_.swap(slot(++turned_));
      for (const Entry& entry : due_) look(entry);
      due_.clear();
    }
  }

 private:
  static constexpr std::int64_t slots = 256;

  std::vector<Entry>& slot(std::int64_t tick) {
    return slots_[static_cast<std::size_t>(tick % slots)];
  }

  std::int64_t tick_ns_;
  std::int64_t turned_ = 0;  // the last tick that was looked at
  std::array<std::vector<Entry>, slots> slots_;
  std::vector<Entry> due_;
};

}  // namespace duelio::loadgen
