// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "common/io.hpp"

namespace acefs::tool::acectl {

/// A bar on a terminal, with how much of the job is done, how many nodes that were, and how many a second.
class Progress {
 public:
  explicit Progress(Io& io);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// One node more; `part` of the job, 0 to 1, is done.
  void step(double part);
  /// The job goes over its nodes once more: they, the time and the rate count from here.
  void begin_again();
  /// Takes the bar away, so that something else can be printed.
  void clear();

  std::uint64_t nodes() const { return nodes_; }
  double seconds() const;
  /// Nodes a second; 0 as long as no time has passed.
  double rate() const;

 private:
  void draw(double part);

  Io& io_;
  acl::TimePoint started_;
  acl::TimePoint now_;
  acl::TimePoint drawn_ = 0;
  std::uint64_t nodes_ = 0;
  bool on_screen_ = false;
};

}  // namespace acefs::tool::acectl
