#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "results/judged_run.h"

namespace duelio::results {
namespace {

TEST(Words, FollowTheInterval) {
  const auto word = [](double low, double high) { return word_for({low, high}, 0.02, 0.02, true); };
  EXPECT_EQ(word(0.90, 0.97), Word::faster);
  EXPECT_EQ(word(1.03, 1.10), Word::slower);
  EXPECT_EQ(word(0.99, 1.01), Word::indistinguishable);
  EXPECT_EQ(word(1.001, 1.01), Word::indistinguishable);
  EXPECT_EQ(word(0.95, 0.99), Word::slightly_faster);
  EXPECT_EQ(word(1.01, 1.05), Word::slightly_slower);
  EXPECT_EQ(word(0.95, 1.05), Word::inconclusive);
  EXPECT_EQ(word_for({1.03, 1.10}, 0.02, 0.02, false), Word::faster);
}

// A noisy control widens the effect: that may take a word back, and may not give one.
TEST(Words, NeverComeEasierByWidening) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> centre(0.8, 1.25);
  std::exponential_distribution<double> width(20);
  std::uniform_real_distribution<double> effect(0.02, 0.25);
  int taken_back = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double middle = centre(random);
    const double reach = 1 + width(random);
    const stats::Interval interval{middle / reach, middle * reach};
    const bool lower_is_better = i % 2 == 0;
    const Word plain = word_for(interval, 0.02, 0.02, lower_is_better);
    const Word widened = word_for(interval, effect(random), 0.02, lower_is_better);
    if (widened == plain) continue;
    ++taken_back;
    const bool is_weaker = (plain == Word::faster && widened == Word::slightly_faster) ||
                           (plain == Word::slower && widened == Word::slightly_slower);
    ASSERT_TRUE(is_weaker) << to_string(plain) << " became " << to_string(widened);
  }
  EXPECT_GT(taken_back, 1000);
}

Contrast contrast(double ratio, double low, double high, std::size_t blocks = 12) {
  return {.entry = "b", .base = "a", .blocks = blocks, .ratio = ratio, .interval = {{low, high}}};
}

TEST(Words, AnInconclusiveOneSaysWhatWouldTell) {
  // 4 % off with a reach of a little less than 8 %: half the width, four times the blocks.
  const double reach = std::pow(1.04, 1.99);
  EXPECT_EQ(what_would_tell(contrast(1.04, 1.04 / reach, 1.04 * reach), 0.02),
            "about 48 blocks would tell");
  // No difference: until the interval fits into the minimum effect.
  EXPECT_EQ(what_would_tell(contrast(1, std::pow(1.02, -1.99), std::pow(1.02, 1.99)), 0.02),
            "about 48 blocks would tell");
  EXPECT_EQ(what_would_tell(contrast(1, 0.3, 3), 0.02), "more than 10000 blocks would be needed");
}

TEST(Words, MakeSentences) {
  Judgement judgement{.metric = &metrics().front(), .load = {"10%", 4500.0}};
  const auto said = [&](Contrast of, Word word, std::string why = "") {
    of.word = word;
    of.why = std::move(why);
    return sentence(judgement, of);
  };
  EXPECT_EQ(said(contrast(0.939, 0.925, 0.952), Word::faster),
            "b has 6.1 % less CPU per request than a at 10% [4.8, 7.5]");
  EXPECT_EQ(said(contrast(1.03, 1.01, 1.05), Word::slightly_slower),
            "b has 3.0 % more CPU per request than a at 10% [1.0, 5.0]");
  EXPECT_EQ(said(contrast(1.001, 0.99, 1.01), Word::indistinguishable),
            "b is indistinguishable from a in server CPU per request at 10%: +0.1 % [-1.0, +1.0]");
  EXPECT_EQ(said(contrast(1.01, 0.98, 1.04), Word::inconclusive, "about 40 blocks would tell"),
            "b cannot be told from a in server CPU per request at 10%: +1.0 % [-2.0, +4.0]; "
            "about 40 blocks would tell");
  EXPECT_EQ(said(contrast(1.01, 0.98, 1.04), Word::withheld, "too few blocks (2 of 12)"),
            "b gets no verdict against a in server CPU per request at 10%: too few blocks "
            "(2 of 12)");
}

TEST(Words, SayWhatAnEntryDid) {
  const Load open{"50%", 45'000.0};
  Conduct conduct{.entry = "asio", .load = "50%", .blocks = 12, .blocks_held = 12, .windows = 300};
  EXPECT_EQ(sentence(conduct, open), "");
  conduct.windows_failed = 3;
  conduct.failures = "reset";
  EXPECT_EQ(sentence(conduct, open), "asio failed requests at 50% in 3 of 300 windows (reset)");
  conduct.blocks_held = 5;
  EXPECT_EQ(sentence(conduct, open), "asio did not hold 45.0 k/s in 7 of 12 blocks (reset)");
  EXPECT_EQ(sentence(conduct, {"max", std::nullopt}),
            "asio did not answer all requests at max in 7 of 12 blocks (reset)");
  EXPECT_EQ(sentence(SignChange{"asio", "max", "10%"}, "epoll-oneshot"),
            "asio is slower than epoll-oneshot at 10% and faster at max");
  EXPECT_EQ(sentence(VoidWindows{"a", Role::control, "the generator was late", 12, 300}),
            "a (control): 12 of 300 windows void, the generator was late");
}

}  // namespace
}  // namespace duelio::results
