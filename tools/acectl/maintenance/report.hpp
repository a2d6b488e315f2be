// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/io.hpp"
#include "progress.hpp"

namespace acefs::tool::acectl {

/// One decision of a job.
struct Decision {
  std::string_view verb;  ///< "keep", "remove", "repair", "set", "skip"
  std::string path;
  std::string what;       ///< the entry or the key that it is about; empty: the whole node
  std::string_view kind;  ///< for programs: "expired", "malformed" …
  std::string reason;
};

/// A job's decisions as they are made, a line each (four fields with tabs between them, or JSON), and what they come to in the end.
class Report {
 public:
  Report(Io& io, Progress& progress, std::string_view job, bool json) : io_(io), progress_(progress), job_(job), json_(json) {}

  void decide(const Decision& decision);
  /// Counts something that has no line of its own.
  void count(std::string_view what, std::uint64_t by = 1);
  std::uint64_t counted(std::string_view what) const;
  /// Nodes, counts, time and rate, on one line.
  void summary(std::ostream& out, bool dry_run);

 private:
  Io& io_;
  Progress& progress_;
  std::string job_;
  bool json_;
  std::vector<std::pair<std::string, std::uint64_t>> counts_;  ///< in the order in which they first came
};

}  // namespace acefs::tool::acectl
