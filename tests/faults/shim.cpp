// Preloaded into a server (ld.so(8), LD_PRELOAD): spoils every n-th of its calls of one function,
// and tells at its end how many. Environment: FAULT_CALL (accept, recv, send, wait), FAULT_KIND (an
// errno's number, or "short": one byte at a time), FAULT_EVERY (n), FAULT_COUNT (the file for the
// number). Calls that io_uring makes do not pass here.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace {

std::atomic<int> calls{0};
std::atomic<int> spoiled{0};

const char* environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool strikes(const char* call) {
  static const char* const chosen = environment("FAULT_CALL");
  static const int every = std::atoi(environment("FAULT_EVERY"));
  if (std::strcmp(chosen, call) != 0 || every == 0 || ++calls % every != 0) return false;
  ++spoiled;
  return true;
}

// 0: the call is to be short.
int error() {
  static const int number = std::atoi(environment("FAULT_KIND"));
  return number;
}

template <class Function>
Function* next(const char* name, Function* /*like*/) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct AtExit {
  ~AtExit() {
    std::FILE* const file = std::fopen(environment("FAULT_COUNT"), "w");
    if (file == nullptr) return;
    std::fprintf(file, "%d\n", spoiled.load());
    std::fclose(file);
  }
};
const AtExit at_exit;

int fail() {
  errno = error();
  return -1;
}

}  // namespace

extern "C" {

int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  static auto* const real = next("accept4", &::accept4);
  return strikes("accept") ? fail() : real(fd, address, length, flags);
}

int accept(int fd, sockaddr* address, socklen_t* length) {
  static auto* const real = next("accept", &::accept);
  return strikes("accept") ? fail() : real(fd, address, length);
}

ssize_t recv(int fd, void* to, size_t size, int flags) {
  static auto* const real = next("recv", &::recv);
  if (!strikes("recv")) return real(fd, to, size, flags);
  return error() != 0 ? fail() : real(fd, to, size < 1 ? size : 1, flags);
}

ssize_t send(int fd, const void* from, size_t size, int flags) {
  static auto* const real = next("send", &::send);
  if (!strikes("send")) return real(fd, from, size, flags);
  return error() != 0 ? fail() : real(fd, from, size < 1 ? size : 1, flags);
}

int epoll_wait(int fd, epoll_event* events, int count, int timeout) {
  static auto* const real = next("epoll_wait", &::epoll_wait);
  return strikes("wait") ? fail() : real(fd, events, count, timeout);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
  static auto* const real = next("poll", &::poll);
  return strikes("wait") ? fail() : real(fds, count, timeout);
}

}  // extern "C"
