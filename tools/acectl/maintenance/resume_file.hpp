// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "acefs/base/result.hpp"

namespace acefs::tool::acectl {

/// Remembers where a job was, for the next run: three lines, the job, its tree, and the path to go on with.
class ResumeFile {
 public:
  /// An error is a whole sentence: the file cannot be read, or is that of another job.
  static Result<ResumeFile, std::string> open(const std::string& file, std::string_view job, const std::string& tree);

  /// Where to begin; empty: at the start.
  const std::string& from() const { return from_; }
  /// Replaces the file in one step.
  Status save(const std::string& path) const;
  /// The job came to its end: there is nothing to go on with.
  Status forget() const;

 private:
  std::string file_;
  std::string head_;
  std::string from_;
};

}  // namespace acefs::tool::acectl
