// SPDX-License-Identifier: MIT
#include "resume_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "common/io.hpp"
#include "common/quoting.hpp"

namespace acefs::tool::acectl {

Result<ResumeFile, std::string> ResumeFile::open(const std::string& file, std::string_view job, const std::string& tree) {
  ResumeFile resume;
  resume.file_ = file;
  resume.head_ = std::string(job) + '\n' + quote_name(tree) + '\n';
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    const int error = errno;
    if (error == ENOENT) return resume;
    return quote_name(file) + ": " + error_text(error);
  }
  std::string found_job, found_tree, path;
  std::getline(in, found_job);
  std::getline(in, found_tree);
  std::getline(in, path);
  if (found_job + '\n' + found_tree + '\n' != resume.head_)
    return quote_name(file) + ":1: '" + quote_name(found_job) + ' ' + found_tree + "': expected a resume file of '" +
           std::string(job) + ' ' + quote_name(tree) + '\'';
  if (path.empty()) return quote_name(file) + ":3: '': expected the path to go on with";
  resume.from_ = unquote_name(path);
  return resume;
}

Status ResumeFile::save(const std::string& path) const {
  const std::string temporary = file_ + ".new";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << head_ << quote_name(path) << '\n';
  out.close();
  if (!out) return Status::from(errno != 0 ? errno : EIO);
  return std::rename(temporary.c_str(), file_.c_str()) == 0 ? Status::ok() : Status::last();
}

Status ResumeFile::forget() const {
  if (::unlink(file_.c_str()) == 0 || errno == ENOENT) return Status::ok();
  return Status::last();
}

}  // namespace acefs::tool::acectl
