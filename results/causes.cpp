#include "results/causes.h"

#include <algorithm>
#include <array>

namespace duelio::results {
namespace {

struct Row {
  std::string_view name;  // with * at its end: whatever begins so
  Work work;
};

// Functions of the kernel at the border of a layer; what lies further inside belongs to the layer.
// Names of Linux 5.10 to 6.18. The first row that matches counts, so exceptions stand first.
constexpr std::array kernel_rows{
    // Copying. "rep_movs_alternative" is copy_user_generic since 6.4.
    Row{"copy_user_*", Work::copying},
    Row{"rep_movs_alternative", Work::copying},
    Row{"rep_stos_alternative", Work::copying},
    Row{"_copy_to_iter", Work::copying},
    Row{"_copy_from_iter*", Work::copying},
    Row{"copy_page_to_iter*", Work::copying},
    Row{"copy_page_from_iter*", Work::copying},
    Row{"_copy_to_user", Work::copying},
    Row{"_copy_from_user", Work::copying},
    Row{"__copy_user_*", Work::copying},
    Row{"__arch_copy_*", Work::copying},  // arm64
    Row{"simple_copy_to_iter", Work::copying},
    Row{"__skb_datagram_iter", Work::copying},
    Row{"skb_copy_datagram_iter", Work::copying},
    Row{"copyin", Work::copying},
    Row{"copyout", Work::copying},
    Row{"__check_object_size*", Work::copying},  // CONFIG_HARDENED_USERCOPY
    Row{"__check_heap_object", Work::copying},
    // Wake-ups.
    Row{"sock_def_readable", Work::wake_up},
    Row{"sock_def_write_space*", Work::wake_up},
    Row{"sk_stream_write_space", Work::wake_up},
    Row{"tcp_data_ready", Work::wake_up},
    Row{"__wake_up*", Work::wake_up},
    Row{"wake_up_*", Work::wake_up},
    Row{"ep_poll_callback", Work::wake_up},
    Row{"ep_poll_wakeup*", Work::wake_up},
    Row{"ep_autoremove_wake_function", Work::wake_up},
    Row{"autoremove_wake_function", Work::wake_up},
    Row{"default_wake_function", Work::wake_up},
    Row{"pollwake", Work::wake_up},
    Row{"try_to_wake_up", Work::wake_up},
    Row{"ttwu_*", Work::wake_up},
    Row{"io_poll_wake", Work::wake_up},
    Row{"io_async_wake", Work::wake_up},
    Row{"io_wake_function", Work::wake_up},
    Row{"eventfd_signal*", Work::wake_up},
    Row{"futex_wake*", Work::wake_up},
    // Interrupts and faults. They come first on a stack that is not a call's, and innermost on one
    // that they interrupt; work that a softirq does for TCP is told below.
    Row{"asm_sysvec_*", Work::interrupts},
    Row{"sysvec_*", Work::interrupts},
    Row{"asm_common_interrupt", Work::interrupts},
    Row{"common_interrupt", Work::interrupts},
    Row{"asm_exc_*", Work::interrupts},
    Row{"exc_*", Work::interrupts},
    Row{"do_user_addr_fault", Work::interrupts},
    Row{"handle_mm_fault", Work::interrupts},
    Row{"error_entry", Work::interrupts},
    Row{"error_return", Work::interrupts},
    Row{"irqentry_*", Work::interrupts},
    Row{"irq_exit*", Work::interrupts},
    Row{"__irq_exit*", Work::interrupts},
    Row{"hrtimer_interrupt", Work::interrupts},
    Row{"run_timer_softirq", Work::interrupts},
    Row{"rcu_core*", Work::interrupts},
    Row{"run_rebalance_domains", Work::interrupts},
    Row{"sched_balance_softirq", Work::interrupts},
    Row{"tasklet_action*", Work::interrupts},
    Row{"el0_irq*", Work::interrupts},  // arm64
    Row{"el1h_64_irq*", Work::interrupts},
    Row{"el0_da", Work::interrupts},
    // Giving up the CPU.
    Row{"schedule*", Work::scheduling},
    Row{"__schedule*", Work::scheduling},
    Row{"preempt_schedule*", Work::scheduling},
    Row{"finish_task_switch", Work::scheduling},
    Row{"do_nanosleep", Work::scheduling},
    Row{"futex_wait*", Work::scheduling},
    Row{"__cond_resched*", Work::scheduling},
    Row{"dynamic_cond_resched", Work::scheduling},
    Row{"ret_from_fork*", Work::scheduling},
    // The receiver's side, which on loopback runs in the sender's softirq.
    Row{"__do_softirq", Work::delivery},
    Row{"handle_softirqs", Work::delivery},  // since 6.11
    Row{"do_softirq*", Work::delivery},
    Row{"net_rx_action", Work::delivery},
    Row{"net_tx_action", Work::delivery},
    Row{"process_backlog", Work::delivery},
    Row{"loopback_xmit", Work::delivery},
    Row{"dev_hard_start_xmit", Work::delivery},
    Row{"netif_rx*", Work::delivery},
    Row{"__netif_rx", Work::delivery},
    Row{"enqueue_to_backlog", Work::delivery},
    Row{"__netif_receive_skb*", Work::delivery},
    Row{"ip_rcv*", Work::delivery},
    Row{"ipv6_rcv*", Work::delivery},
    Row{"ip_local_deliver*", Work::delivery},
    Row{"tcp_v4_rcv", Work::delivery},
    Row{"tcp_v6_rcv", Work::delivery},
    // Connections.
    Row{"inet_csk_accept", Work::connections},
    Row{"inet_accept", Work::connections},
    Row{"do_accept", Work::connections},
    Row{"__sys_accept4*", Work::connections},
    Row{"io_accept", Work::connections},
    Row{"inet_release", Work::connections},
    Row{"inet_shutdown", Work::connections},
    Row{"tcp_close", Work::connections},
    Row{"__tcp_close", Work::connections},
    Row{"tcp_shutdown", Work::connections},
    Row{"sock_close", Work::connections},
    Row{"__sock_release", Work::connections},
    Row{"sock_alloc*", Work::connections},
    Row{"tcp_setsockopt", Work::connections},
    Row{"do_tcp_setsockopt", Work::connections},
    // TCP.
    Row{"tcp_sendmsg*", Work::tcp_send},
    Row{"inet_sendmsg", Work::tcp_send},
    Row{"inet6_sendmsg", Work::tcp_send},
    Row{"sock_sendmsg*", Work::tcp_send},
    Row{"__sock_sendmsg", Work::tcp_send},
    Row{"____sys_sendmsg", Work::tcp_send},
    Row{"sock_write_iter", Work::tcp_send},
    Row{"tcp_write_xmit", Work::tcp_send},
    Row{"tcp_sendpage*", Work::tcp_send},
    Row{"tcp_recvmsg*", Work::tcp_receive},
    Row{"inet_recvmsg", Work::tcp_receive},
    Row{"inet6_recvmsg", Work::tcp_receive},
    Row{"sock_recvmsg*", Work::tcp_receive},
    Row{"____sys_recvmsg", Work::tcp_receive},
    Row{"sock_read_iter", Work::tcp_receive},
    Row{"tcp_read_sock*", Work::tcp_receive},
    // Readiness.
    Row{"ep_*", Work::readiness},
    Row{"__ep_*", Work::readiness},
    Row{"do_epoll_*", Work::readiness},
    Row{"epoll_*", Work::readiness},
    Row{"reverse_path_check*", Work::readiness},
    Row{"do_sys_poll", Work::readiness},
    Row{"do_poll*", Work::readiness},
    Row{"poll_freewait", Work::readiness},
    Row{"poll_select_*", Work::readiness},
    Row{"__pollwait", Work::readiness},
    Row{"tcp_poll", Work::readiness},
    Row{"sock_poll", Work::readiness},
    Row{"tcp_stream_memory_free", Work::readiness},
    Row{"eventfd_poll", Work::readiness},
    Row{"io_poll_*", Work::readiness},
    Row{"io_arm_poll_*", Work::readiness},
    Row{"__io_arm_poll_*", Work::readiness},
    Row{"io_apoll_*", Work::readiness},
    Row{"__io_queue_proc", Work::readiness},
    Row{"io_async_queue_proc", Work::readiness},
    // What is left of io_uring.
    Row{"io_*", Work::io_uring},
    Row{"__io_*", Work::io_uring},
    Row{"tctx_task_work*", Work::io_uring},
    Row{"task_work_run", Work::io_uring},
    // The border to user mode.
    Row{"entry_SYSCALL*", Work::entering},
    Row{"syscall_*", Work::entering},
    Row{"__syscall_*", Work::entering},
    Row{"do_syscall_64", Work::entering},
    Row{"x64_sys_call", Work::entering},
    Row{"exit_to_user_mode*", Work::entering},
    Row{"el0_svc*", Work::entering},  // arm64
    Row{"el0t_64_sync*", Work::entering},
    Row{"invoke_syscall", Work::entering},
    Row{"seccomp_*", Work::entering},
    Row{"__seccomp_*", Work::entering},
};

// Of libraries that are linked into the program; the rest of it is the model, or a foreign server.
constexpr std::array own_rows{
    Row{"duelio::http::*", Work::core}, Row{"duelio::workload::*", Work::core},
    Row{"duelio::os::*", Work::core},   Row{"duelio::*", Work::model},
    Row{"boost::*", Work::library},     Row{"io_uring_*", Work::library},
    Row{"__io_uring_*", Work::library}, Row{"uv_*", Work::library},
    Row{"uv__*", Work::library},        Row{"event_base_*", Work::library},
};

// Modules. Another library is the model's.
constexpr std::array module_rows{
    Row{"libc.so*", Work::c_library},   Row{"libc-*", Work::c_library},
    Row{"libm.so*", Work::c_library},   Row{"libpthread*", Work::c_library},
    Row{"ld-linux*", Work::c_library},  Row{"libstdc++*", Work::c_library},
    Row{"libgcc_s*", Work::c_library},  Row{"[vdso]", Work::c_library},
    Row{"[vsyscall]", Work::c_library}, Row{"lib*", Work::library},
};

// The entry of a call in the kernel: what follows is its name.
constexpr std::array<std::string_view, 7> entries{
    "__x64_sys_", "__arm64_sys_", "__ia32_sys_", "__se_sys_", "__do_sys_", "ksys_", "__sys_"};

// Functions that make a call, where the kernel was sampled before it had looked up which, or is a
// call's own thread.
struct Maker {
  std::string_view name;
  std::string_view call;
};
constexpr std::array makers{
    Maker{"recv", "recvfrom"},
    Maker{"__libc_recv", "recvfrom"},
    Maker{"__recv", "recvfrom"},
    Maker{"send", "sendto"},
    Maker{"__libc_send", "sendto"},
    Maker{"__send", "sendto"},
    Maker{"__libc_sendmsg", "sendmsg"},
    Maker{"__sendmsg", "sendmsg"},
    Maker{"__libc_recvmsg", "recvmsg"},
    Maker{"__recvmsg", "recvmsg"},
    Maker{"epoll_wait", "epoll_wait"},
    Maker{"epoll_pwait", "epoll_pwait"},
    Maker{"epoll_ctl", "epoll_ctl"},
    Maker{"poll", "poll"},
    Maker{"__poll", "poll"},
    Maker{"__GI___poll", "poll"},
    Maker{"read", "read"},
    Maker{"__read", "read"},
    Maker{"__GI___libc_read", "read"},
    Maker{"write", "write"},
    Maker{"__write", "write"},
    Maker{"__GI___libc_write", "write"},
    Maker{"writev", "writev"},
    Maker{"__writev", "writev"},
    Maker{"readv", "readv"},
    Maker{"__readv", "readv"},
    Maker{"accept4", "accept4"},
    Maker{"__close", "close"},
    Maker{"__shutdown", "shutdown"},
    Maker{"getppid", "getppid"},
    Maker{"io_uring_enter", "io_uring_enter"},
    Maker{"io_uring_submit_and_wait", "io_uring_enter"},
    Maker{"_io_uring_get_cqe", "io_uring_enter"},
    Maker{"__io_uring_get_cqe", "io_uring_enter"},
    Maker{"__io_uring_submit", "io_uring_enter"},
};
constexpr std::array threads{Maker{"io_sq_thread", "io_uring's threads"},
                             Maker{"io_wq_worker", "io_uring's threads"},
                             Maker{"io_wqe_worker", "io_uring's threads"}};

bool matches(std::string_view name, std::string_view pattern) noexcept {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

template <class Rows>
std::optional<Work> find(const Rows& rows, std::string_view name) noexcept {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const Row& each) { return matches(name, each.name); });
  return row == rows.end() ? std::nullopt : std::optional(row->work);
}

template <class Makers>
std::string call_of(const Makers& all, std::string_view name) {
  const auto maker =
      std::find_if(all.begin(), all.end(), [&](const Maker& each) { return each.name == name; });
  return maker == all.end() ? "" : std::string(maker->call);
}

Place kernel_place(std::string_view symbol) {
  Place place{.in_kernel = true, .work = find(kernel_rows, symbol)};
  for (const std::string_view entry : entries) {
    if (!symbol.starts_with(entry)) continue;
    place.call = symbol.substr(entry.size());
    if (!place.work) place.work = Work::entering;
    return place;
  }
  place.call = call_of(threads, symbol);
  return place;
}

}  // namespace

std::string_view to_string(Work work) noexcept {
  constexpr std::array names{std::string_view("entering and leaving"),
                             std::string_view("TCP send"),
                             std::string_view("TCP receive"),
                             std::string_view("opening and closing connections"),
                             std::string_view("loopback delivery"),
                             std::string_view("wake-up of the peer"),
                             std::string_view("copying"),
                             std::string_view("readiness (epoll, poll)"),
                             std::string_view("io_uring"),
                             std::string_view("scheduling and waiting"),
                             std::string_view("interrupts and page faults"),
                             std::string_view("the model's own code"),
                             std::string_view("its library"),
                             std::string_view("C and C++ library"),
                             std::string_view("shared parser and core"),
                             std::string_view("not placed")};
  return names.at(static_cast<std::size_t>(work));
}

Place place_of(std::string_view frame) {
  const std::size_t tick = frame.find('`');
  const std::string_view module = frame.substr(0, tick);
  const std::string_view symbol =
      tick == std::string_view::npos ? std::string_view() : frame.substr(tick + 1);
  if (module == "kernel") return kernel_place(symbol);
  Place place{.work = find(module_rows, module), .call = call_of(makers, symbol)};
  // It makes its calls inline, and its functions have no names outside of it.
  if (place.call.empty() && module.starts_with("liburing")) place.call = "io_uring_enter";
  if (place.work || module.starts_with('[') || module.starts_with("//")) return place;
  place.is_own = true;
  place.work = find(own_rows, symbol);
  return place;
}

Cause cause_of(std::span<const Place* const> stack) noexcept {
  if (stack.empty()) return {};
  const auto innermost = [&](bool in_kernel) -> std::optional<Work> {
    for (auto place = stack.rbegin(); place != stack.rend(); ++place) {
      if ((*place)->in_kernel == in_kernel && (*place)->work) return (*place)->work;
    }
    return std::nullopt;
  };
  if (!stack.back()->in_kernel) {
    const Work otherwise = stack.back()->is_own ? Work::model : Work::unplaced;
    return {.work = innermost(false).value_or(otherwise)};
  }
  Cause cause{.work = innermost(true).value_or(Work::unplaced)};
  for (const Place* const place : stack) {
    // Of several in user mode the last one made the call; in the kernel the first was called.
    if (place->call.empty()) continue;
    cause.call = place->call;
    if (place->in_kernel) break;
  }
  if (cause.work == Work::unplaced && !cause.call.empty()) cause.work = Work::entering;
  return cause;
}

std::string_view by_call(const Cause& cause) noexcept {
  const bool is_of_the_call = cause.work < Work::scheduling && !cause.call.empty();
  return is_of_the_call ? cause.call : to_string(cause.work);
}

std::string_view by_work(const Cause& cause) noexcept {
  return to_string(cause.work);
}

}  // namespace duelio::results
