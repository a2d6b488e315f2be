// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "acectl/maintenance/sorted_names.hpp"
#include "acectl/run.hpp"
#include "common/io.hpp"
#include "support/nodes.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

using namespace std::string_literals;
using acefs::test::make_dir;
using acefs::test::make_file;

class MaintenanceTest : public ToolTest {
 protected:
  /// Decisions only: what begins with '#' is for people.
  static std::string lines(const Output& done) {
    std::istringstream all(done.out);
    std::string kept;
    for (std::string line; std::getline(all, line);)
      if (!line.starts_with('#')) kept += line + '\n';
    return kept;
  }
  /// acectl, interrupted when it has asked for the time so many times.
  static Output interrupted(const std::vector<std::string>& args, int after) {
    std::istringstream in;
    std::ostringstream out, err;
    Io io{in, out, err, [&after] {
            if (after-- == 0) std::raise(SIGINT);
            return kNow;
          }};
    const int exit = acectl::run(args, io);
    return {exit, out.str(), err.str()};
  }
  /// A node whose grants are in a side file: their names are more than any filesystem lists.
  void overflow(const std::string& path) {
    std::string entries;
    for (int i = 0; i < 1500; ++i) entries += "u:" + std::to_string(70000 + i) + ":rw\n";
    ASSERT_EQ(setace({"-M", "-", path}, entries).exit, 0);
    ASSERT_EQ(attribute(path, "user.oc.metadata_offloaded"), "1");
  }
  static std::string attribute(const std::string& path, const std::string& name) {
    char value[256];
    const ssize_t size = ::lgetxattr(path.c_str(), name.c_str(), value, sizeof value);
    return size < 0 ? "" : std::string(value, static_cast<std::size_t>(size));
  }
  static std::string side_file_of(const std::string& path) {
    const std::string id = attribute(path, "user.oc.id");
    return ".oc-nodes/" + id.substr(0, 2) + '/' + id.substr(2, 2) + '/' + id.substr(4, 2) + '/' + id.substr(6, 2) + '/' +
           id.substr(8) + ".mpk";
  }
  /// A file that is not in the tree.
  std::string beside(const std::string& name) const { return root() + '.' + name; }
  static std::string save(const std::string& text, const std::string& name) {
    std::ofstream(name, std::ios::binary) << text;
    return name;
  }
};

TEST_F(MaintenanceTest, VerifyFindsNothingInASoundTree) {
  setace({"-m", "u:4711:r,everyone@:x", "d"});
  const Output done = acectl({"verify", "."});
  EXPECT_EQ(done.exit, 0) << done.out << done.err;
  EXPECT_EQ(lines(done), "");
  EXPECT_EQ(done.out.substr(0, 34), "# verify: 5 nodes, 2 grants, 0.0 s");
}

TEST_F(MaintenanceTest, VerifyNamesMalformedExpiredAndUnknown) {
  store("f", "u:4711", "junk");
  setace({"-m", "u:4712:r", "--expires", "2025-06-01", "d"});
  setace({"-m", "u:no-such-user:r", "d/a"});
  const Output done = acectl({"verify", "."});
  EXPECT_EQ(done.exit, 1);
  EXPECT_NE(done.out.find("keep\t./d\tu:4712:r\ton 2025-06-01T00:00:00Z, prune removes it\n"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("keep\t./d/a\tu:no-such-user:r\tnobody is called u:no-such-user\n"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("keep\t./f\tu:4711\tcounts as a full denial: "), std::string::npos) << done.out;
}

TEST_F(MaintenanceTest, VerifyKnowsWhoIsInAcefsToml) {
  const std::string config = save("[user.900]\nids = [\"4c51\"]\n[group.auditors]\nmembers = [\"900\"]\n", beside("verify.toml"));
  setace({"-m", "u:4c51:r,g:auditors:r", "d"});
  EXPECT_EQ(acectl({"verify", "."}).exit, 1);
  const Output done = acectl({"verify", "--config", config, "."});
  EXPECT_EQ(done.exit, 0) << done.out << done.err;
  std::filesystem::remove(config);
}

TEST_F(MaintenanceTest, VerifySeesAnInodeOnceHoweverManyLinks) {
  store("f", "u:4711", "junk");
  ASSERT_EQ(::link("f", "d/g"), 0);
  ASSERT_EQ(::link("f", "h"), 0);
  const Output done = acectl({"verify", "--json", "."});
  std::istringstream all(done.out);
  std::vector<nlohmann::json> found;
  for (std::string line; std::getline(all, line);) found.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(found.size(), 2u) << done.out;
  EXPECT_EQ(found[0]["kind"], "malformed");
  EXPECT_EQ(found[0]["path"], "./d/g");
  EXPECT_EQ(found[1]["nodes"], 5);
}

TEST_F(MaintenanceTest, VerifyRepairsWhatDisagreesWithTheSideFile) {
  overflow("d");
  store("d", "u:70000", "\0t=A:f=:p=rwx:c=root:e=0\n"s);
  const Output told = acectl({"verify", "."});
  EXPECT_EQ(told.exit, 1);
  EXPECT_NE(told.out.find("keep\t./d\tu:70000\tan attribute still"), std::string::npos) << told.out;
  EXPECT_EQ(acectl({"verify", "--repair", "--dry-run", "."}).exit, 1);
  EXPECT_NE(stored("d", "u:70000"), "!");
  const Output repaired = acectl({"verify", "--repair", "."});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(stored("d", "u:70000"), "!");
  EXPECT_NE(entries("d").find("u:70000:rw\n"), std::string::npos);
  EXPECT_EQ(lines(acectl({"verify", "."})), "");
}

TEST_F(MaintenanceTest, VerifyNamesSideFilesThatAreMissingOrBroken) {
  overflow("d");
  overflow("d/e");
  ASSERT_EQ(::unlink(side_file_of("d").c_str()), 0);
  save("junk", side_file_of("d/e"));
  const Output done = acectl({"verify", "."});
  EXPECT_EQ(done.exit, 1);
  EXPECT_NE(done.out.find("keep\t./d\t\tits grants are in a side file that is not there"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("keep\t./d/e\t\tits side file cannot be understood"), std::string::npos) << done.out;
}

TEST_F(MaintenanceTest, PruneRemovesExpiredGrantsOnly) {
  setace({"-m", "u:4711:r", "--expires", "2025-06-01", "d"});
  setace({"-m", "u:4712:r", "--expires", "2027-01-01", "d"});
  setace({"-m", "u:4713:r", "d"});
  store("d", "u:4714", "junk");
  const std::string removal = "remove\t./d\tu:4711:r\texpired on 2025-06-01T00:00:00Z\n";
  EXPECT_EQ(lines(acectl({"prune", "--dry-run", "."})), removal);
  EXPECT_NE(stored("d", "u:4711"), "!");
  EXPECT_EQ(lines(acectl({"prune", "."})), removal);
  EXPECT_EQ(stored("d", "u:4711"), "!");
  for (const char* kept : {"u:4712", "u:4713", "u:4714"}) EXPECT_NE(stored("d", kept), "!") << kept;
  EXPECT_EQ(lines(acectl({"prune", "."})), "");
}

TEST_F(MaintenanceTest, PruneKeepsWhatIsNewAndTheLastOfANode) {
  setace({"-m", "u:1:r", "--expires", "2025-01-01", "d"});
  setace({"-m", "u:2:r", "--expires", "2025-06-01", "d"});
  setace({"-m", "u:3:r", "--expires", "2025-12-31", "d"});
  EXPECT_EQ(lines(acectl({"prune", "-n", "--keep-newer-than", "7d", "."})),
            "keep\t./d\tu:3:r\texpired on 2025-12-31T00:00:00Z, newer than was asked for\n"
            "remove\t./d\tu:2:r\texpired on 2025-06-01T00:00:00Z\n"
            "remove\t./d\tu:1:r\texpired on 2025-01-01T00:00:00Z\n");
  EXPECT_EQ(lines(acectl({"prune", "--keep-last", "2", "."})),
            "keep\t./d\tu:3:r\texpired on 2025-12-31T00:00:00Z, one of the last 2\n"
            "keep\t./d\tu:2:r\texpired on 2025-06-01T00:00:00Z, one of the last 2\n"
            "remove\t./d\tu:1:r\texpired on 2025-01-01T00:00:00Z\n");
}

TEST_F(MaintenanceTest, PruneRefusesADurationThatIsNone) {
  const Output done = acectl({"prune", "--keep-newer-than", "soon", "."});
  EXPECT_EQ(done.exit, 2);
  EXPECT_EQ(done.err, "acectl: --keep-newer-than: 'soon': expected a number and one of s m h d w, as in 30d\n");
}

TEST_F(MaintenanceTest, GcRemovesSideFilesOfNobodyAndWhatWritersLeft) {
  overflow("d");
  overflow("d/e");
  const std::string kept = side_file_of("d");
  const std::string orphan = side_file_of("d/e");
  ASSERT_EQ(::rmdir("d/e"), 0);
  save("half", kept + ".new");
  save("mine", ".oc-nodes/notes");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // what has changed in the clock tick in which a job begins is left alone
  const Output told = acectl({"gc", "--dry-run", "."});
  EXPECT_EQ(told.exit, 0) << told.err;
  EXPECT_TRUE(acefs::test::exists(orphan));
  const Output done = acectl({"gc", "."});
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_NE(done.out.find("remove\t./" + orphan + "\t\tno node refers to it\n"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("remove\t./" + kept + ".new\t\tleft by a writer that ended early\n"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("keep\t./.oc-nodes/notes\t\tnot the name of a side file\n"), std::string::npos) << done.out;
  EXPECT_FALSE(acefs::test::exists(orphan));
  EXPECT_FALSE(acefs::test::exists(kept + ".new"));
  EXPECT_TRUE(acefs::test::exists(kept));
  EXPECT_NE(entries("d").find("u:71499:rw\n"), std::string::npos);
}

TEST_F(MaintenanceTest, GcWorksAtTheRootOnly) {
  const Output done = acectl({"gc", "d"});
  EXPECT_EQ(done.exit, 3);
  EXPECT_EQ(done.err, "acectl: d: is not the root of a backing tree, which holds .oc-nodes\n");
}

TEST_F(MaintenanceTest, DumpIsWhatApplyAndRestoreRead) {
  setace({"-m", "u:4711:rw,D::4712:w", "--label", "a b", "d"});
  setace({"-m", "g:50:r", "--expires", "2027-01-01", "d/a"});
  store("f", "u:4711", "junk");
  make_file("d/new\nline", 0644);
  setace({"-m", "u:4713:r", "d/new\nline"});
  const Output dumped = acectl({"dump", "."});
  EXPECT_EQ(dumped.exit, 0) << dumped.err;
  EXPECT_NE(dumped.out.find("# file: d/new\\012line\n"), std::string::npos) << dumped.out;
  const std::string file = save(dumped.out, beside("dump.txt"));
  const std::vector<std::string> paths = {"d", "d/a", "f", "d/new\nline"};
  std::vector<std::string> before;
  for (const std::string& path : paths) before.push_back(entries(path));
  for (const std::string& path : paths) setace({"-b", path});
  setace({"-m", "u:9:x", "d"});

  const Output planned = acectl({"apply", ".", file});
  EXPECT_EQ(planned.exit, 0) << planned.err;
  EXPECT_NE(planned.out.find("remove\t./d\tu:9:x\tnot in the dump\n"), std::string::npos) << planned.out;
  EXPECT_NE(planned.out.find("add\t./d\tu:4711:rw\tis not there yet\n"), std::string::npos) << planned.out;
  EXPECT_NE(planned.err.find("--yes does it"), std::string::npos);
  EXPECT_EQ(stored("f", "u:4711"), "!");

  EXPECT_EQ(acectl({"apply", "--yes", ".", file}).exit, 0);
  for (std::size_t i = 0; i < paths.size(); ++i) EXPECT_EQ(entries(paths[i]), before[i]);
  EXPECT_EQ(stored("f", "u:4711"), "junk");
  EXPECT_EQ(acectl({"dump", "."}).out, dumped.out);
  const Output again = acectl({"apply", "--yes", "."}, dumped.out);
  EXPECT_EQ(lines(again), "");
  EXPECT_EQ(again.out.find("changed"), std::string::npos) << again.out;
  std::filesystem::remove(file);
}

TEST_F(MaintenanceTest, ApplyTellsABadLineAndChangesNothing) {
  const std::string good = "# file: d\nu:4711:r\n\n";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"# file: f\nu:4711:rz\n", "standard input:5: 'u:4711:rz': unknown permission 'z' at 8"},
      {"# file: ../x\nu:1:r\n", "standard input:4: '../x': expected a path below the tree"},
      {"# file: /etc\nu:1:r\n", "standard input:4: '/etc': expected a path below the tree"},
      {"# file: f\n\n# file: d\nu:1:r\n", "standard input:6: 'd': expected each file once, it is in line 1 too"},
  };
  for (const auto& [bad, message] : table) {
    const Output done = acectl({"apply", "--yes", "."}, good + bad);
    EXPECT_EQ(done.exit, 2);
    EXPECT_EQ(done.err, "acectl: " + message + '\n');
    EXPECT_EQ(stored("d", "u:4711"), "!");
  }
  EXPECT_EQ(acectl({"apply", "--yes", "."}, "u:4711:r\n").err,
            "acectl: standard input:1: 'u:4711:r': expected '# file: NAME' first\n");
}

TEST_F(MaintenanceTest, ApplyFollowsNoLinkAndGoesOnWithTheOthers) {
  ASSERT_EQ(::symlink("d", "link"), 0);
  const Output done = acectl({"apply", "--yes", "."}, "# file: link/a\nu:1:r\n# file: gone\nu:1:r\n# file: d\nu:2:r\n");
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(stored("d/a", "u:1"), "!");
  EXPECT_NE(stored("d", "u:2"), "!");
  EXPECT_NE(done.out.find("skip\t./gone\t\tNo such file or directory\n"), std::string::npos) << done.out;
}

TEST_F(MaintenanceTest, AllDumpsNodesWithoutEntriesSoThatApplyClearsThem) {
  const Output dumped = acectl({"dump", "--all", "."});
  setace({"-m", "u:4711:r", "f"});
  EXPECT_EQ(acectl({"apply", "--yes", "."}, acectl({"dump", "."}).out).exit, 0);
  EXPECT_NE(stored("f", "u:4711"), "!");
  EXPECT_EQ(acectl({"apply", "--yes", "."}, dumped.out).exit, 0);
  EXPECT_EQ(stored("f", "u:4711"), "!");
}

TEST_F(MaintenanceTest, WhatWasInterruptedIsTakenUpWhereItEnded) {
  for (const char* path : {".", "d", "d/a", "d/e", "f"})
    setace({"-m", "u:4711:r", "--expires", "2025-06-01", path});
  const Output first = interrupted({"prune", "--resume", beside("resume"), "."}, 4);
  EXPECT_EQ(first.exit, 4) << first.out << first.err;
  EXPECT_NE(first.err.find("interrupted, go on with --from '"), std::string::npos) << first.err;
  EXPECT_EQ(acectl({"verify", "--resume", beside("resume"), "."}).exit, 3);
  const Output second = acectl({"prune", "--resume", beside("resume"), "."});
  EXPECT_EQ(second.exit, 0) << second.err;
  EXPECT_EQ(lines(first) + lines(second),
            "remove\t.\tu:4711:r\texpired on 2025-06-01T00:00:00Z\n"
            "remove\t./d\tu:4711:r\texpired on 2025-06-01T00:00:00Z\n"
            "remove\t./d/a\tu:4711:r\texpired on 2025-06-01T00:00:00Z\n"
            "remove\t./d/e\tu:4711:r\texpired on 2025-06-01T00:00:00Z\n"
            "remove\t./f\tu:4711:r\texpired on 2025-06-01T00:00:00Z\n");
  EXPECT_FALSE(acefs::test::exists(beside("resume")));
}

TEST_F(MaintenanceTest, FromBeginsAtThePathOrAfterIt) {
  const auto files_from = [](const std::string& from) {
    std::istringstream all(acectl({"dump", "--all", "--json", "--from", from, "."}).out);
    std::string paths;
    for (std::string line; std::getline(all, line);) paths += nlohmann::json::parse(line)["path"].get<std::string>() + ' ';
    return paths;
  };
  EXPECT_EQ(files_from("d/e"), "d/e f ");
  EXPECT_EQ(files_from("d/b"), "d/e f ");
  EXPECT_EQ(files_from("d"), "d d/a d/e f ");
  EXPECT_EQ(files_from("zzz"), "");
}

TEST_F(MaintenanceTest, NamesComeInOrderHoweverFewAreHeld) {
  for (int i = 0; i < 50; ++i) make_file("d/" + std::to_string(i), 0644);
  const int fd = ::open("d", O_RDONLY | O_DIRECTORY);
  ASSERT_GE(fd, 0);
  std::vector<std::string> all;
  for (bool more = true; more;) {
    const auto some = acectl::names_after(fd, all.empty() ? "" : all.back(), 7);
    ASSERT_TRUE(some);
    EXPECT_EQ(some->before, all.size());
    EXPECT_EQ(some->total, 52u);
    EXPECT_LE(some->names.size(), 7u);
    all.insert(all.end(), some->names.begin(), some->names.end());
    more = some->more;
  }
  ::close(fd);
  EXPECT_EQ(all, acefs::test::names_in("d"));
}

TEST_F(MaintenanceTest, ProgressIsShownOnATerminal) {
  std::istringstream in;
  std::ostringstream out, err;
  acl::TimePoint now = kNow;
  Io io{in, out, err, [&now] { return now += 500'000'000; }, true};
  EXPECT_EQ(acectl::run({"verify", "."}, io), 0);
  EXPECT_NE(err.str().find("] "), std::string::npos) << err.str();
  EXPECT_NE(err.str().find(" nodes  2/s"), std::string::npos) << err.str();
  EXPECT_TRUE(err.str().ends_with("\r\033[K"));
}

TEST_F(MaintenanceTest, AJobOnWhatIsNoDirectoryCannotBeTold) {
  EXPECT_EQ(acectl({"verify", "missing"}).exit, 3);
  EXPECT_EQ(acectl({"verify", "f"}).err, "acectl: f: is a regular file, expected a directory\n");
  EXPECT_EQ(acectl({"dump"}).exit, 2);
}

}  // namespace
}  // namespace acefs::tool::test
