#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include <boost/mpi/communicator.hpp>
#include <boost/mpi/request.hpp>

namespace duelio::compare {

// What a letter is.
enum class Post : std::uint8_t {
  command,  // to an agent: JSON
  reply,    // its answer: JSON
  alive,    // to an agent: the one who conducts is there
  leaving,  // from an agent: a signal ends it
  clock,    // a round trip: what time it is there
};

struct Letter {
  int rank = 0;  // whose
  Post post = Post::alive;
  std::string text;
};

// Texts between the ranks of an MPI job. Nothing here waits: MPI_Recv of Open MPI polls for as long
// as it waits, and takes a CPU from what is measured. Callers look, and sleep in between. Throws
// HostLost when MPI says that a rank cannot be reached.
class Mail {
 public:
  explicit Mail(const boost::mpi::communicator& world);

  int rank() const { return world_.rank(); }
  int ranks() const { return world_.size(); }

  void send(int rank, Post post, std::string text);

  // The next letter, or the next of one kind; none: there is none yet.
  std::optional<Letter> receive();
  std::optional<Letter> receive(int rank, Post post);

 private:
  std::optional<Letter> take(int rank, int tag);

  boost::mpi::communicator world_;
  std::list<std::pair<std::string, boost::mpi::request>> sent_;  // until MPI has taken them
};

// Sleeps; a signal ends it.
void nap(std::int64_t ns) noexcept;
void sleep_until(std::int64_t monotonic_ns) noexcept;

// How long to sleep between two looks for letters: short after the last one, while the next is
// likely to come soon.
std::int64_t nap_after(std::int64_t quiet_ns) noexcept;

}  // namespace duelio::compare
