// Unix sockets as addresses, and the names that they have in the file system.
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/os/address.h"
#include "common/os/error.h"
#include "common/os/socket.h"
#include "common/os/socket_file.h"

namespace duelio::os {
namespace {

namespace fs = std::filesystem;

class UnixSocket : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "duelio-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path() const { return folder_ / "socket"; }
  Address address() const { return unix_address(path()); }

  static int error_of_connect(const Address& address) {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), address.get(), address.length) == 0 ? 0 : errno;
  }
  static int error_of_listen(const Address& address) {
    try {
      listen_on(address, {});
    } catch (const std::system_error& error) {
      return error.code().value();
    }
    return 0;
  }

  fs::path folder_;
};

TEST(UnixAddress, IsReadAndWritten) {
  for (const std::string path : {"/run/a.sock", "a", "../b:8000", "/with blank"}) {
    const Address address = resolve("unix:" + path, 8000);
    EXPECT_EQ(address.family(), AF_UNIX);
    EXPECT_EQ(path_of(address), path);
    EXPECT_EQ(to_string(address), "unix:" + path);
    EXPECT_EQ(address.port(), 0);
  }
  EXPECT_EQ(path_of(resolve("127.0.0.1", 1)), "");
}

TEST(UnixAddress, HasRoomForThePathOfTheKernel) {
  const std::string longest(107, 'x');
  EXPECT_EQ(path_of(unix_address(longest)), longest);
  EXPECT_THROW(unix_address(longest + "x"), std::invalid_argument);
  EXPECT_THROW(unix_address(""), std::invalid_argument);
}

TEST_F(UnixSocket, OfTheLongestPathIsBoundAndReadBack) {
  const std::string long_path = path() + std::string(107 - path().size(), 'x');
  const UniqueFd listener = listen_on(unix_address(long_path), {});
  EXPECT_EQ(path_of(local_address(listener.get())), long_path);
  EXPECT_EQ(error_of_connect(unix_address(long_path)), 0);
}

TEST_F(UnixSocket, ThatIsServedIsRefused) {
  const UniqueFd listener = listen_on(address(), {});
  EXPECT_EQ(error_of_listen(address()), EADDRINUSE);
  EXPECT_EQ(error_of_connect(address()), 0) << "its name has been taken away";
}

TEST_F(UnixSocket, WhoseQueueIsFullIsServed) {
  const UniqueFd listener = listen_on(address(), {.backlog = 0});
  const UniqueFd waiting(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(waiting.get(), address().get(), address().length), 0);
  EXPECT_EQ(error_of_listen(address()), EADDRINUSE);
}

TEST_F(UnixSocket, ThatNobodyListensAtIsReplaced) {
  listen_on(address(), {}).reset();
  ASSERT_TRUE(fs::exists(path()));
  ASSERT_EQ(error_of_connect(address()), ECONNREFUSED);
  const UniqueFd listener = listen_on(address(), {});
  EXPECT_EQ(error_of_connect(address()), 0);
}

TEST_F(UnixSocket, DoesNotTakeAFilesPlace) {
  std::ofstream(path()) << "mine";
  EXPECT_THROW(listen_on(address(), {}), std::runtime_error);
  EXPECT_EQ(fs::file_size(path()), 4U);
}

TEST_F(UnixSocket, OfTwoThatStartAtOnceOneIsRefused) {
  const UniqueFd other(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  EXPECT_EQ(error_of_listen(address()), EADDRINUSE);
  ASSERT_EQ(::flock(other.get(), LOCK_UN), 0);
  EXPECT_EQ(error_of_listen(address()), 0);
}

TEST_F(UnixSocket, NamesAFolderThatIsMissing) {
  EXPECT_EQ(error_of_listen(unix_address((folder_ / "no" / "socket").string())), ENOENT);
}

TEST_F(UnixSocket, GoesWithItsFile) {
  const UniqueFd listener = listen_on(address(), {});
  {
    const SocketFile file(address());
    EXPECT_TRUE(fs::exists(path()));
  }
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(UnixSocket, LeavesASuccessorsFile) {
  const UniqueFd listener = listen_on(address(), {});
  std::optional<SocketFile> file(std::in_place, address());
  fs::remove(path());
  const UniqueFd successor = listen_on(address(), {});
  file.reset();
  EXPECT_EQ(error_of_connect(address()), 0);
}

}  // namespace
}  // namespace duelio::os
