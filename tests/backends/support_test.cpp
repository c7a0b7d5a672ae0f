// What the models share: failures of arming and waiting are told apart and counted.
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/support/accept_errors.h"
#include "backends/support/buffer_ring.h"
#include "backends/support/epoll.h"
#include "common/os/cpu.h"
#include "tests/support/tcp_client.h"

namespace duelio::test {
namespace {

TEST(Epoll, CountsInterestsThatTheKernelDoesNotTake) {
  const Epoll epoll;
  Counters counters;
  int owner = 0;
  EXPECT_FALSE(epoll.add(-1, &owner, EPOLLIN, counters));
  EXPECT_EQ(counters.errors_arm, 1U);
  const os::UniqueFd stranger(::dup(0));
  EXPECT_FALSE(epoll.modify(stranger.get(), &owner, EPOLLIN, counters));  // ENOENT
  EXPECT_EQ(counters.errors_arm, 2U);
  EXPECT_THROW(epoll.watch(-1, &owner, EPOLLIN), std::system_error);
}

TEST(Epoll, GivesEventsToTheirOwners) {
  const Epoll epoll;
  Counters counters;
  const StopEvent first;
  const StopEvent second;
  epoll.watch(first.fd(), &counters, EPOLLIN);
  int owner = 0;
  ASSERT_TRUE(epoll.add(second.fd(), &owner, EPOLLIN, counters));
  second.request();
  int events = 0;
  epoll.wait(0, 64, counters, [&](void* whose, std::uint32_t what) {
    EXPECT_EQ(whose, &owner);
    EXPECT_EQ(what, static_cast<std::uint32_t>(EPOLLIN));
    ++events;
  });
  EXPECT_EQ(events, 1);
  epoll.remove(second.fd());
  epoll.wait(0, 64, counters, [&](void*, std::uint32_t) { ++events; });
  EXPECT_EQ(events, 1);
  EXPECT_EQ(counters.wakeups, 2U);
  EXPECT_EQ(counters.events, 1U);
}

TEST(Ring, TellsACompletionWhatItIsOf) {
  const auto session = std::make_unique<long>(7);
  for (const Operation operation : {Operation::accept, Operation::receive, Operation::send}) {
    const Completion completion{user_data(operation, session.get()), 0, 0};
    EXPECT_EQ(completion.operation(), operation);
    EXPECT_EQ(&completion.session<long>(), session.get());
  }
}

// What a stream's receives leave in a ring of eight buffers of 16 bytes: more than all of them
// hold.
struct Received {
  std::string bytes;
  int completions = 0;
};
Received receive_all_in_buffers(std::string_view stream, bool is_incremental, bool bundles) {
  constexpr BufferShape small{.count = 8, .size = 16};
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const os::UniqueFd peer(ends[0]);
  const os::UniqueFd own(ends[1]);
  Counters counters;
  Ring ring(counters);
  BufferRing buffers(ring, {small.count, small.size, is_incremental}, bundles);
  ring.enable();
  Received received;
  const auto receive_until_empty = [&] {
    bool is_empty = false;
    while (!is_empty) {
      io_uring_sqe& sqe = ring.next(Operation::receive);
      io_uring_prep_recv(&sqe, own.get(), nullptr, 0, MSG_DONTWAIT);
      if (bundles) sqe.ioprio |= uapi::recvsend_bundle;
      sqe.flags |= IOSQE_BUFFER_SELECT;
      sqe.buf_group = BufferRing::group;
      ring.wait(-1, [&](const Completion& completion) {
        is_empty = completion.result < 0;
        EXPECT_TRUE(!is_empty || completion.result == -EAGAIN) << completion.result;
        received.completions += is_empty ? 0 : 1;
        buffers.take(completion,
                     [&](auto bytes) { received.bytes.append(bytes.begin(), bytes.end()); });
      });
    }
  };
  for (std::size_t at = 0, piece = 1; at < stream.size(); at += piece, piece = piece * 7 % 101) {
    const std::string_view part = stream.substr(at, piece);
    EXPECT_EQ(::send(peer.get(), part.data(), part.size(), 0), static_cast<ssize_t>(part.size()));
    receive_until_empty();
  }
  return received;
}

TEST(Ring, TakesWhatItsBuffersReceivedInOrder) {
  std::string stream;
  for (int i = 0; i < 500; ++i) stream += std::to_string(i) + " ";
  const Received whole = receive_all_in_buffers(stream, false, false);
  EXPECT_EQ(whole.bytes, stream);
  if (probe_bundles().available) {
    const Received bundled = receive_all_in_buffers(stream, false, true);
    EXPECT_EQ(bundled.bytes, stream);
    EXPECT_LT(bundled.completions, whole.completions);
  }
  if (probe_incremental_buffers().available) {
    for (const bool bundles : {false, probe_bundles().available})
      EXPECT_EQ(receive_all_in_buffers(stream, true, bundles).bytes, stream);
  }
}

TEST(Listeners, AreSteeredByTheCpuOnWhichAConnectionArrives) {
  // Over loopback that is the client's. The numbers are no CPUs' that a connection could arrive on.
  const int here = os::allowed_cpus().back();
  const std::vector<int> cpus{here + 5000, here + 5001, here, here + 5002};
  const Listeners listeners =
      listen_for(Sharing::steered, 4, cpus, os::resolve("127.0.0.1", 0), {});
  std::jthread([&] {
    os::pin_this_thread({here});
    std::vector<std::unique_ptr<TcpClient>> clients;
    for (int i = 0; i < 8; ++i) {
      clients.push_back(
          std::make_unique<TcpClient>(os::local_address(listeners.front().get()).port()));
    }
    pollfd arrival{.fd = listeners[2].get(), .events = POLLIN};
    const auto limit = std::chrono::milliseconds(TcpClient::limit).count();
    for (int i = 0; i < 8; ++i) {
      ASSERT_EQ(::poll(&arrival, 1, static_cast<int>(limit)), 1) << i;
      EXPECT_TRUE(os::UniqueFd(::accept(listeners[2].get(), nullptr, nullptr)));
    }
  }).join();
}

TEST(AcceptErrors, PauseOnlyForWhatPasses) {
  Counters counters;
  EXPECT_FALSE(must_pause(ECONNABORTED, counters));
  EXPECT_FALSE(must_pause(EAGAIN, counters));
  EXPECT_TRUE(must_pause(EMFILE, counters));
  EXPECT_TRUE(must_pause(ENOMEM, counters));
  EXPECT_EQ(counters.accept_refused, 2U);
  EXPECT_TRUE(must_pause(EINVAL, counters));  // spins otherwise
  EXPECT_EQ(counters.errors_other, 1U);
}

}  // namespace
}  // namespace duelio::test
