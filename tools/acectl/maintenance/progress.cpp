// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <string>

namespace acefs::tool::acectl {

namespace {

constexpr acl::TimePoint kInterval = 200'000'000;
constexpr int kWidth = 30;

}  // namespace

Progress::Progress(Io& io) : io_(io), started_(io.now()), now_(started_) {}

void Progress::step(double part) {
  ++nodes_;
  now_ = io_.now();
  if (!io_.err_is_terminal || now_ - std::max(drawn_, started_) < kInterval) return;
  drawn_ = now_;
  draw(std::clamp(part, 0.0, 1.0));
}

void Progress::begin_again() {
  started_ = now_ = io_.now();
  nodes_ = 0;
}

void Progress::draw(double part) {
  const int filled = static_cast<int>(part * kWidth);
  std::array<char, 80> numbers{};
  std::snprintf(numbers.data(), numbers.size(), "] %3.0f%%  %llu nodes  %.0f/s", part * 100,
                static_cast<unsigned long long>(nodes_), rate());
  io_.err << "\r\033[K[" << std::string(static_cast<std::size_t>(filled), '#')
          << std::string(static_cast<std::size_t>(kWidth - filled), '.') << numbers.data() << std::flush;
  on_screen_ = true;
}

void Progress::clear() {
  if (on_screen_) io_.err << "\r\033[K" << std::flush;
  on_screen_ = false;
}

double Progress::seconds() const { return static_cast<double>(now_ - started_) / 1e9; }

double Progress::rate() const { return now_ > started_ ? static_cast<double>(nodes_) / seconds() : 0; }

}  // namespace acefs::tool::acectl
