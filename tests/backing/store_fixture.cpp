// SPDX-License-Identifier: MIT
#include "store_fixture.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "backing/side_file.hpp"
#include "support/nodes.hpp"

namespace acefs::test {

std::string nth_user(int n) {
  char key[64];
  std::snprintf(key, sizeof key, "u:%08d-79ea-4723-8ad5-cfbc1d74bd1c", n);
  return key;
}

std::string value_of(std::string_view letters, std::string_view type) {
  return std::string(1, '\0') + "t=" + std::string(type) + ":f=:p=" + std::string(letters) +
         ":c=4c510ada-c86b-4815-8820-42cdf82c3d51:e=0\n";
}

StoreTest::StoreTest(backing::StoreOptions options)
    : root(::open(dir.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
      node(make_dir("node")),
      store(root.get(), std::move(options)) {}

UniqueFd StoreTest::open(const std::string& name) const {
  return UniqueFd(::openat(root.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

UniqueFd StoreTest::make_dir(const std::string& name) const {
  ::mkdirat(root.get(), name.c_str(), 0755);
  return open(name);
}

int StoreTest::set(const std::string& key, const std::string& value, int flags) { return apply({{key, value}}, flags); }

int StoreTest::remove(const std::string& key) { return apply({{key, std::nullopt}}); }

int StoreTest::apply(const std::vector<backing::Change>& changes, int flags) {
  return store.apply(node.get(), changes, flags).errno_value();
}

Values StoreTest::read() const {
  auto grants = store.read(node.get());
  EXPECT_TRUE(grants) << grants.error().errno_value();
  return grants ? grants->values : Values{};
}

int StoreTest::read_error() const {
  const auto grants = store.read(node.get());
  return grants ? 0 : grants.error().errno_value();
}

std::map<std::string, std::string> StoreTest::xattrs() const {
  const std::string path = dir.at("node");
  std::vector<char> names(65536);
  const ssize_t size = ::listxattr(path.c_str(), names.data(), names.size());
  std::map<std::string, std::string> all;
  for (ssize_t at = 0; at < size;) {
    const std::string name = names.data() + at;
    at += static_cast<ssize_t>(name.size()) + 1;
    if (name.starts_with("user.")) all[name] = raw(name);
  }
  return all;
}

void StoreTest::set_raw(const std::string& name, const std::string& value) const {
  ASSERT_EQ(::setxattr(dir.at("node").c_str(), name.c_str(), value.data(), value.size(), 0), 0) << name;
}

void StoreTest::remove_raw(const std::string& name) const {
  ASSERT_EQ(::removexattr(dir.at("node").c_str(), name.c_str()), 0) << name;
}

std::string StoreTest::raw(const std::string& name) const {
  std::vector<char> value(65536);
  const ssize_t size = ::getxattr(dir.at("node").c_str(), name.c_str(), value.data(), value.size());
  return size < 0 ? "" : std::string(value.data(), static_cast<std::size_t>(size));
}

backing::Attributes StoreTest::side(const std::string& path) const {
  auto attributes = backing::unpack(slurp(dir.at(path)));
  EXPECT_TRUE(attributes) << path;
  return attributes.value_or(backing::Attributes{});
}

void StoreTest::write_side(const std::string& path, const backing::Attributes& attributes) const {
  write_bytes(path, backing::pack(attributes));
}

void StoreTest::write_bytes(const std::string& path, std::string_view bytes) const {
  std::filesystem::create_directories(std::filesystem::path(dir.at(path)).parent_path());
  std::ofstream(dir.at(path), std::ios::binary | std::ios::trunc) << bytes;
}

std::string StoreTest::side_path() const {
  const auto path = backing::side_path_of(raw(kId));
  EXPECT_TRUE(path);
  return path ? *path : "";
}

bool StoreTest::on_ext4() const {
  struct statfs fs {};
  return ::statfs(dir.path().c_str(), &fs) == 0 && fs.f_type == EXT4_SUPER_MAGIC;
}

}  // namespace acefs::test
