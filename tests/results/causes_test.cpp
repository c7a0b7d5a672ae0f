#include "results/causes.h"

#include <sstream>
#include <vector>

#include <gtest/gtest.h>

namespace duelio::results {
namespace {

// "a;b;c" as flame graph tools fold stacks, outermost first; what has no module is the kernel's.
class Stack {
 public:
  explicit Stack(const std::string& folded) {
    std::istringstream frames(folded);
    for (std::string frame; std::getline(frames, frame, ';');)
      places_.push_back(place_of(frame.find('`') == std::string::npos ? "kernel`" + frame : frame));
    for (const Place& place : places_) stack_.push_back(&place);
  }
  Cause cause() const { return cause_of(stack_); }

 private:
  std::vector<Place> places_;
  std::vector<const Place*> stack_;
};

struct Case {
  const char* folded;
  const char* call;
  Work work;
};

void PrintTo(const Case& each, std::ostream* out) {
  *out << each.folded;
}

class CauseOf : public testing::TestWithParam<Case> {};

TEST_P(CauseOf, IsWhatTheInnermostKnownFunctionDoes) {
  const Stack stack(GetParam().folded);
  EXPECT_EQ(stack.cause().call, GetParam().call);
  EXPECT_EQ(to_string(stack.cause().work), to_string(GetParam().work));
}

// 6.18 as it was sampled, shortened; the older kernels by their sources' names of functions.
constexpr const char* transmit_6_18 =
    "duelio-server`main;libc.so.6`__send;entry_SYSCALL_64_after_hwframe;do_syscall_64;x64_sys_call;"
    "__x64_sys_sendto;__sys_sendto;__sock_sendmsg;inet_sendmsg;tcp_sendmsg;tcp_sendmsg_locked;"
    "__tcp_push_pending_frames;tcp_write_xmit;__tcp_transmit_skb;__ip_queue_xmit;ip_output;"
    "ip_finish_output2;__dev_queue_xmit;__local_bh_enable_ip;do_softirq;handle_softirqs;"
    "net_rx_action;__napi_poll;process_backlog;__netif_receive_skb_one_core;ip_local_deliver_"
    "finish;"
    "tcp_v4_rcv;tcp_v4_do_rcv;tcp_rcv_established;tcp_ack";

INSTANTIATE_TEST_SUITE_P(
    Linux6_18, CauseOf,
    testing::Values(
        Case{transmit_6_18, "sendto", Work::delivery},
        Case{"libc.so.6`__send;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_sendto;"
             "__sys_sendto;tcp_sendmsg;tcp_sendmsg_locked;tcp_stream_alloc_skb;__alloc_skb",
             "sendto", Work::tcp_send},
        Case{"libc.so.6`__send;do_syscall_64;__x64_sys_sendto;tcp_sendmsg;tcp_sendmsg_locked;"
             "_copy_from_iter;rep_movs_alternative",
             "sendto", Work::copying},
        Case{"do_syscall_64;__x64_sys_sendto;tcp_sendmsg;tcp_write_xmit;handle_softirqs;tcp_v4_rcv;"
             "sock_def_readable;__wake_up_sync_key;ep_poll_callback;try_to_wake_up;"
             "_raw_spin_unlock_irqrestore",
             "sendto", Work::wake_up},
        // An acknowledgement that is sent while something is received.
        Case{"do_syscall_64;__x64_sys_recvfrom;__sys_recvfrom;sock_recvmsg;tcp_recvmsg;"
             "tcp_recvmsg_locked;__tcp_transmit_skb;ip_output",
             "recvfrom", Work::tcp_receive},
        Case{"do_syscall_64;__x64_sys_recvfrom;__sys_recvfrom;fdget", "recvfrom", Work::entering},
        Case{"do_syscall_64;__x64_sys_epoll_ctl;do_epoll_ctl;ep_modify;tcp_poll", "epoll_ctl",
             Work::readiness},
        Case{"do_syscall_64;__x64_sys_epoll_wait;do_epoll_wait;ep_poll;schedule_hrtimeout_range;"
             "schedule;__schedule;finish_task_switch",
             "epoll_wait", Work::scheduling},
        Case{"do_syscall_64;__x64_sys_getppid", "getppid", Work::entering},
        Case{"do_syscall_64;__x64_sys_io_uring_enter;__do_sys_io_uring_enter;io_submit_sqes;"
             "io_issue_sqe;io_recv;sock_recvmsg;tcp_recvmsg;lock_sock_nested",
             "io_uring_enter", Work::tcp_receive},
        Case{"do_syscall_64;__x64_sys_io_uring_enter;__do_sys_io_uring_enter;io_submit_sqes;"
             "io_issue_sqe;io_send;kmem_cache_alloc",
             "io_uring_enter", Work::io_uring},
        Case{"ret_from_fork_asm;ret_from_fork;io_sq_thread;io_submit_sqes;io_issue_sqe;io_send;"
             "tcp_sendmsg",
             "io_uring's threads", Work::tcp_send}));

INSTANTIATE_TEST_SUITE_P(
    Linux6_1, CauseOf,
    testing::Values(
        Case{"libc.so.6`__send;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_sendto;"
             "__sys_sendto;sock_sendmsg;tcp_sendmsg;tcp_sendmsg_locked;tcp_write_xmit;"
             "__local_bh_enable_ip;do_softirq;__do_softirq;net_rx_action;tcp_v4_rcv;tcp_ack",
             "sendto", Work::delivery},
        Case{"do_syscall_64;__x64_sys_sendto;sock_sendmsg;tcp_sendmsg;_copy_from_iter;copyin;"
             "copy_user_enhanced_fast_string",
             "sendto", Work::copying},
        Case{"do_syscall_64;__x64_sys_epoll_wait;do_epoll_wait;ep_send_events;__fdget",
             "epoll_wait", Work::readiness},
        Case{"do_syscall_64;__x64_sys_io_uring_enter;io_run_task_work_sig;handle_tw_list;"
             "io_poll_check_events",
             "io_uring_enter", Work::readiness},
        Case{"do_syscall_64;__x64_sys_io_uring_enter;io_cqring_wait;schedule_hrtimeout_range_clock",
             "io_uring_enter", Work::scheduling}));

INSTANTIATE_TEST_SUITE_P(
    Linux5_10, CauseOf,
    testing::Values(
        Case{"libc-2.31.so`__libc_recv;entry_SYSCALL_64_after_hwframe;do_syscall_64;"
             "__x64_sys_recvfrom;__sys_recvfrom;inet_recvmsg;tcp_recvmsg;skb_copy_datagram_iter;"
             "__skb_datagram_iter;simple_copy_to_iter;_copy_to_iter;copyout",
             "recvfrom", Work::copying},
        Case{"do_syscall_64;__x64_sys_sendto;sock_sendmsg;tcp_sendmsg;tcp_write_xmit;"
             "do_softirq_own_stack;asm_call_irq_on_stack;__softirqentry_text_start;__do_softirq;"
             "process_backlog;tcp_v4_rcv",
             "sendto", Work::delivery},
        Case{"do_syscall_64;__x64_sys_io_uring_enter;io_submit_sqes;io_submit_sqe;io_read;"
             "sock_read_iter;tcp_recvmsg",
             "io_uring_enter", Work::tcp_receive}));

INSTANTIATE_TEST_SUITE_P(
    Linux6_12, CauseOf,
    testing::Values(
        Case{"do_syscall_64;x64_sys_call;__x64_sys_io_uring_enter;io_cqring_wait;"
             "io_run_local_work;__io_run_local_work;io_req_task_submit",
             "io_uring_enter", Work::io_uring},
        Case{"el0t_64_sync;el0t_64_sync_handler;el0_svc;do_el0_svc;invoke_syscall;"
             "__arm64_sys_recvfrom;__sys_recvfrom;tcp_recvmsg;_copy_to_iter;__arch_copy_to_user",
             "recvfrom", Work::copying},
        Case{"do_syscall_64;x64_sys_call;__x64_sys_accept4;__sys_accept4;do_accept;inet_accept",
             "accept4", Work::connections}));

// Sampled where interrupts are enabled again, the kernel has not looked up the call: who made it
// tells.
INSTANTIATE_TEST_SUITE_P(
    AtTheBorder, CauseOf,
    testing::Values(
        Case{"libc.so.6`__libc_recv;entry_SYSCALL_64_after_hwframe;do_syscall_64;irq_enable",
             "recvfrom", Work::entering},
        Case{"duelio-server`main;libc.so.6`epoll_wait;entry_SYSCALL_64_after_hwframe;do_syscall_64;"
             "syscall_exit_to_user_mode",
             "epoll_wait", Work::entering},
        Case{"liburing.so.2.3`[unknown];entry_SYSCALL_64_after_hwframe;do_syscall_64",
             "io_uring_enter", Work::entering},
        Case{"duelio-server`duelio::backends::run;asm_sysvec_apic_timer_interrupt;"
             "irqentry_exit_to_user_mode",
             "", Work::interrupts},
        Case{"libc.so.6`__memmove_avx;asm_exc_page_fault;exc_page_fault;handle_mm_fault", "",
             Work::interrupts}));

INSTANTIATE_TEST_SUITE_P(
    UserMode, CauseOf,
    testing::Values(
        Case{
            "duelio-server`main;duelio-server`duelio::backends::(anonymous namespace)::Worker::run",
            "", Work::model},
        Case{"duelio-server`duelio::backends::run;duelio-server`duelio::http::RequestParser::parse",
             "", Work::core},
        Case{"duelio-server`duelio::http::Connection::commit;duelio-server`std::find_if<..>", "",
             Work::core},
        Case{"duelio-server`main;duelio-server`boost::asio::detail::scheduler::run", "",
             Work::library},
        Case{"duelio-server`main;libuv.so.1.0.0`uv__io_poll", "", Work::library},
        Case{"duelio-server`duelio::backends::run;libc.so.6`__send", "", Work::c_library},
        Case{"duelio-server`duelio::http::now;[vdso]`__vdso_clock_gettime", "", Work::c_library},
        Case{"nginx`main;nginx`ngx_http_parse_request_line", "", Work::model},
        Case{"nginx`[unknown]", "", Work::model}, Case{"[unknown]`[unknown]", "", Work::unplaced},
        Case{"kernel`[unknown]", "", Work::unplaced},
        Case{"kernel`a_function_of_tomorrow", "", Work::unplaced}));

TEST(Cause, OfNothingIsNotPlaced) {
  EXPECT_EQ(cause_of({}).work, Work::unplaced);
}

TEST(Cause, IsNamedByItsCallOrByWhatWasDone) {
  const Cause copying{"recvfrom", Work::copying};
  EXPECT_EQ(by_call(copying), "recvfrom");
  EXPECT_EQ(by_work(copying), "copying");
  const Cause waiting{"epoll_wait", Work::scheduling};
  EXPECT_EQ(by_call(waiting), "scheduling and waiting");
  const Cause own{"", Work::model};
  EXPECT_EQ(by_call(own), by_work(own));
}

}  // namespace
}  // namespace duelio::results
