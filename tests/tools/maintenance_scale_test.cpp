// SPDX-License-Identifier: MIT
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "support/sanitized.hpp"
#include "support/nodes.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

class MaintenanceScaleTest : public ToolTest {
 protected:
  /// ACEFS_TEST_FILES, else few enough that nobody waits.
  static int files() {
    const char* number = std::getenv("ACEFS_TEST_FILES");
    return number != nullptr ? std::atoi(number) : 3000;
  }
  /// A thousand files in each directory.
  static void make_files(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string directory = "d/" + std::to_string(i / 1000);
      if (i % 1000 == 0) acefs::test::make_dir(directory, 0755);
      acefs::test::make_file(directory + "/" + std::to_string(i), 0644, "");
    }
  }
  /// KiB that a child which runs the job grew to; -1: the job failed.
  static long peak_of(const std::vector<std::string>& args) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(acectl(args).exit);
    int status = 0;
    rusage used{};
    if (::wait4(child, &status, 0, &used) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return -1;
    return used.ru_maxrss;
  }
};

TEST_F(MaintenanceScaleTest, MemoryDoesNotGrowWithTheTree) {
  constexpr long kSlack = 8 * 1024;
  std::map<std::string, long> small;
  for (const char* job : {"verify", "prune", "gc", "dump"}) small[job] = peak_of({job, "."});
  make_files(files());
  for (const auto& [job, peak] : small) {
    ASSERT_GT(peak, 0) << job;
    const long large = peak_of({job, "."});
    ASSERT_GT(large, 0) << job;
    if (acefs::test::measures()) {
      EXPECT_LT(large, peak + kSlack) << job;
    }
  }
}

}  // namespace
}  // namespace acefs::tool::test
