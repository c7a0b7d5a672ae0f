#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string_view>

// What the fuzz targets share. Each is one file with libFuzzer's entry point, and is also built
// with replay.cpp, which calls it for the files of its corpus.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace duelio::fuzz {

// The input, and two bytes at its end that say how it arrives: behind it, so that a corpus file can
// be read and edited.
struct Input {
  Input(const std::uint8_t* data, std::size_t size) noexcept
      : bytes(reinterpret_cast<const char*>(data), size < 2 ? 0 : size - 2),
        how(size < 2 ? 0U : data[size - 2] + 256U * data[size - 1]) {}
  std::string_view bytes;
  std::uint32_t how;
};

// Ends the process, which makes the input a finding.
[[noreturn]] inline void fail(std::string_view what) {
  std::cerr << "fuzz: " << what << '\n';
  std::abort();
}

template <class T>
void require_equal(const T& one, const T& other, std::string_view what) {
  if (one == other) return;
  std::cerr << "fuzz: " << one << "\nfuzz: " << other << '\n';
  fail(what);
}

}  // namespace duelio::fuzz
