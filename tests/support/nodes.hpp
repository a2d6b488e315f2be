// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace acefs::test {

/// These make nodes exactly as told, whatever the umask and whatever was there; they throw std::system_error.
void make_file(const std::string& path, mode_t mode, std::string_view content = "content", uid_t uid = 0, gid_t gid = 0);
void make_dir(const std::string& path, mode_t mode, uid_t uid = 0, gid_t gid = 0);
void make_symlink(const std::string& target, const std::string& path, uid_t uid = 0, gid_t gid = 0);
/// Removes the node and everything below it, if it is there.
void erase(const std::string& path);

/// A file's content; "!" and the errno's name when it cannot be opened or read.
std::string slurp(const std::string& path);
/// Opens, writes the whole content, closes; -1 and errno on the first failure.
int spill(const std::string& path, std::string_view content, int flags, mode_t mode = 0644);
/// open and close; -1 and errno when open fails.
int try_open(const std::string& path, int flags, mode_t mode = 0644);
/// Names in a directory, sorted, . and .. left out; one "!" and errno's name when it cannot be listed.
std::vector<std::string> names_in(const std::string& path);
/// Names joined by a space.
std::string listing(const std::string& path);
struct stat lstat_of(const std::string& path);
bool exists(const std::string& path);

}  // namespace acefs::test
