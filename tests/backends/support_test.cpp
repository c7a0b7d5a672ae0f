// What the models share: failures of arming and waiting are told apart and counted.
#include <gtest/gtest.h>
#include <unistd.h>

#include "backends/support/accept_errors.h"
#include "backends/support/epoll.h"
#include "backends/support/ring.h"

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
