#include "compare/mpi/mail.h"

#include <ctime>

#include <boost/mpi/exception.hpp>
#include <boost/mpi/status.hpp>

#include "common/os/cpu.h"
#include "compare/process.h"
#include "compare/server.h"

namespace duelio::compare {

namespace mpi = boost::mpi;

namespace {

// What MPI reports of a rank, not of this program.
template <class Do>
auto reaching(int rank, Do what) {
  try {
    return what();
  } catch (const mpi::exception& error) {
    throw HostLost((rank < 0 ? "a rank" : "rank " + std::to_string(rank)) +
                   " cannot be reached: " + error.what());
  }
}

}  // namespace

Mail::Mail(const mpi::communicator& world) : world_(world) {
  // By default MPI ends the whole job at an error, and nobody would write down why.
  MPI_Comm_set_errhandler(MPI_Comm(world_), MPI_ERRORS_RETURN);
}

void Mail::send(int rank, Post post, std::string text) {
  reaching(rank, [&] {
    sent_.remove_if([](auto& each) { return each.second.test().has_value(); });
    auto& [kept, request] = sent_.emplace_back(std::move(text), mpi::request());
    try {
      request =
          world_.isend(rank, static_cast<int>(post), kept.data(), static_cast<int>(kept.size()));
    } catch (...) {
      sent_.pop_back();  // a request that was not made cannot be asked
      throw;
    }
  });
}

std::optional<Letter> Mail::receive() {
  return take(mpi::any_source, mpi::any_tag);
}

std::optional<Letter> Mail::receive(int rank, Post post) {
  return take(rank, static_cast<int>(post));
}

std::optional<Letter> Mail::take(int rank, int tag) {
  return reaching(rank, [&]() -> std::optional<Letter> {
    const auto status = world_.iprobe(rank, tag);
    if (!status) return std::nullopt;
    Letter letter{.rank = status->source(), .post = static_cast<Post>(status->tag())};
    letter.text.resize(static_cast<std::size_t>(status->count<char>().value_or(0)));
    world_.recv(letter.rank, status->tag(), letter.text.data(),
                static_cast<int>(letter.text.size()));
    return letter;
  });
}

void nap(std::int64_t ns) noexcept {
  const timespec time{ns / 1'000'000'000, ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

void sleep_until(std::int64_t monotonic_ns) noexcept {
  const timespec until{monotonic_ns / 1'000'000'000, monotonic_ns % 1'000'000'000};
  while (!interrupted() && os::monotonic_ns() < monotonic_ns)
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

std::int64_t nap_after(std::int64_t quiet_ns) noexcept {
  constexpr std::int64_t soon_ns = 50'000'000;
  return quiet_ns < soon_ns ? 50'000 : 5'000'000;
}

}  // namespace duelio::compare
