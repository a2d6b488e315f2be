// SPDX-License-Identifier: MIT
// Each of the 14 permissions of NFSv4, set by nfs4_setfacl: there is an operation for which it decides, and it alone.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

#include "acefs/base/unique_fd.hpp"
#include "nfs4_tools.hpp"

namespace acefs::test {
namespace {

/// An operation and the permission that it needs on one node.
struct Bit {
  char letter;
  std::string node;
  std::function<void()> prepare;
  std::function<long()> call;
  int refused = EACCES;
  std::string or_letters = {};  ///< would do as well
};

class BitTest : public Nfs4Test {
 protected:
  void SetUp() override {
    Nfs4Test::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755);
  }

  static std::string owners(bool directory) { return directory ? "A::OWNER@:rwaDxtTnNcCy" : "A::OWNER@:rwaxtTnNcCy"; }
  /// All permissions of such a node but those; r would give t too.
  static std::string all_bits_but(std::string letters, bool directory) {
    if (letters.find('t') != letters.npos) letters += 'r';
    std::string rest = directory ? "rwaDdxtTnNcCoy" : "rwadxtTnNcCoy";
    std::erase_if(rest, [&](char letter) { return letters.find(letter) != letters.npos; });
    return rest;
  }

  /// With this permission, and on a directory x, Alice may; with all others Bob may not. Nor may he when it is denied and all are given.
  void decides(const Bit& bit) {
    given(bit);
    denied(bit);
  }
  void given(const Bit& bit) {
    SCOPED_TRACE(std::string("given ") + bit.letter);
    only(kAlice, kBob, [&] {
      bit.prepare();
      const bool directory = S_ISDIR(lstat_of(real(bit.node)).st_mode);
      const std::string alone = std::string(1, bit.letter) + (directory && bit.letter != 'x' ? "x" : "");
      set_list(bit.node, "A::20001:" + alone + ",A::20002:" + all_bits_but(bit.letter + bit.or_letters, directory) + "," + owners(directory));
    }, bit.call, bit.refused);
  }
  void denied(const Bit& bit) {
    SCOPED_TRACE(std::string("denied ") + bit.letter);
    only(kAlice, kBob, [&] {
      bit.prepare();
      const bool directory = S_ISDIR(lstat_of(real(bit.node)).st_mode);
      const std::string all = all_bits_but("", directory);
      set_list(bit.node, "D::20002:" + (bit.letter + bit.or_letters) + ",A::20001:" + all + ",A::20002:" + all + "," + owners(directory));
    }, bit.call, bit.refused);
  }

  std::function<void()> file(const std::string& name = "d/f", mode_t mode = 0700) {
    return [this, name, mode] {
      erase(real(name));
      make_file(real(name), mode, "content");
      ASSERT_EQ(set_attribute(real(name), "user.color", "blue"), 0);
    };
  }
  std::function<void()> directory() {
    return [this] {
      erase(real("d/s"));
      make_dir(real("d/s"), 0755);
      make_file(real("d/s/f"), 0644);
      ASSERT_EQ(set_attribute(real("d/s"), "user.color", "blue"), 0);
    };
  }
  std::function<long()> opens(const std::string& name, int flags) {
    return [this, name, flags] { return try_open(at(name), flags); };
  }
  long value_of(const std::string& name, const char* attribute) {
    char value[4096];
    return ::getxattr(at(name).c_str(), attribute, value, sizeof value);
  }
};

using ReadBitTest = BitTest;
TEST_F(ReadBitTest, ReadsAFile) { decides({'r', "d/f", file(), opens("d/f", O_RDONLY)}); }
TEST_F(ReadBitTest, ListsADirectory) { decides({'r', "d/s", directory(), opens("d/s", O_RDONLY | O_DIRECTORY)}); }

using WriteBitTest = BitTest;
TEST_F(WriteBitTest, WritesAFile) { decides({'w', "d/f", file(), opens("d/f", O_WRONLY)}); }
TEST_F(WriteBitTest, TruncatesAFile) {
  decides({'w', "d/f", file(), [&] { return ::truncate(at("d/f").c_str(), 1); }});
}
TEST_F(WriteBitTest, CreatesAFileInADirectory) { decides({'w', "d/s", directory(), opens("d/s/new", O_WRONLY | O_CREAT | O_EXCL)}); }

using AppendBitTest = BitTest;
TEST_F(AppendBitTest, AppendsToAFile) {
  decides({'a', "d/f", file(), [&] { return spill(at("d/f"), "+", O_WRONLY | O_APPEND); }, EACCES, "w"});
}
TEST_F(AppendBitTest, CreatesADirectoryInADirectory) {
  decides({'a', "d/s", directory(), [&] { return ::mkdir(at("d/s/new").c_str(), 0755); }});
}

using ExecuteBitTest = BitTest;
TEST_F(ExecuteBitTest, ExecutesAFile) {
  const auto program = [&] {
    erase(real("d/f"));
    make_file(real("d/f"), 0700, slurp("/bin/true"));
  };
  decides({'x', "d/f", program, [&]() -> long {
    // As the caller: run_program would have to become the user again.
    const int code = std::system((at("d/f") + " 2>/dev/null").c_str());
    errno = EACCES;
    return code == 0 ? 0 : -1;
  }});
}
TEST_F(ExecuteBitTest, TraversesADirectory) { decides({'x', "d/s", directory(), opens("d/s/f", O_RDONLY)}); }

using DeleteBitTest = BitTest;
TEST_F(DeleteBitTest, RemovesTheFile) {
  decides({'d', "d/f", file(), [&] { return ::unlink(at("d/f").c_str()); }});
}
TEST_F(DeleteBitTest, RemovesTheDirectory) {
  const auto empty = [&] {
    erase(real("d/s"));
    make_dir(real("d/s"), 0755);
  };
  decides({'d', "d/s", empty, [&] { return ::rmdir(at("d/s").c_str()); }});
}

using DeleteChildBitTest = BitTest;
TEST_F(DeleteChildBitTest, RemovesWhatIsInTheDirectory) {
  decides({'D', "d/s", directory(), [&] { return ::unlink(at("d/s/f").c_str()); }});
}
TEST_F(DeleteChildBitTest, MeansNothingOnAFile) {
  file()();
  set_list("d/f", "A::20001:rD," + owners(false));
  EXPECT_EQ(list_of("d/f").substr(0, 11), "A::20001:r,");
}

using ReadAttributesBitTest = BitTest;
TEST_F(ReadAttributesBitTest, ShowsTheStatus) {
  // Everyone has t by the mode, so that only a denial tells.
  denied({'t', "d/f", file(), [&] {
    struct stat st {};
    return ::stat(at("d/f").c_str(), &st);
  }});
}

/// A mount where the mode gives nothing, so that t has to be granted.
class GrantedOnlyTest : public BitTest {
 protected:
  MountOptions options() const override { return {.options = "base=none,traverse=bypass"}; }
};
TEST_F(GrantedOnlyTest, ReadAttributesShowsTheStatus) {
  given({'t', "d/f", file(), [&] {
    struct stat st {};
    return ::stat(at("d/f").c_str(), &st);
  }});
}

using WriteAttributesBitTest = BitTest;
TEST_F(WriteAttributesBitTest, SetsTimes) {
  decides({'T', "d/f", file(), [&] {
    const timespec times[2] = {{1, 0}, {2, 0}};
    return ::utimensat(AT_FDCWD, at("d/f").c_str(), times, 0);
  }, EPERM});
}

using ReadNamedBitTest = BitTest;
TEST_F(ReadNamedBitTest, ReadsAttributesOfAFile) {
  decides({'n', "d/f", file(), [&] { return value_of("d/f", "user.color"); }});
}
TEST_F(ReadNamedBitTest, ReadsAttributesOfADirectory) {
  decides({'n', "d/s", directory(), [&] { return value_of("d/s", "user.color"); }});
}

using WriteNamedBitTest = BitTest;
TEST_F(WriteNamedBitTest, SetsAttributesOfAFile) {
  decides({'N', "d/f", file(), [&] { return set_attribute(at("d/f"), "user.color", "red"); }});
}
TEST_F(WriteNamedBitTest, RemovesAttributesOfADirectory) {
  decides({'N', "d/s", directory(), [&] { return ::removexattr(at("d/s").c_str(), "user.color"); }});
}

using ReadAclBitTest = BitTest;
TEST_F(ReadAclBitTest, ReadsTheAcl) {
  decides({'c', "d/f", file(), [&] { return value_of("d/f", kNfs4Name); }});
  decides({'c', "d/s", directory(), [&] { return value_of("d/s", kNfs4Name); }});
}
TEST_F(ReadAclBitTest, ListsIt) {
  decides({'c', "d/f", file(), [&]() -> long {
    std::string names(4096, '\0');
    const ssize_t size = ::listxattr(at("d/f").c_str(), names.data(), names.size());
    errno = EACCES;
    return size > 0 && names.find(kNfs4Name) != names.npos ? 0 : -1;
  }});
}

class WriteAclBitTest : public BitTest {
 protected:
  /// The user whose ACE is `before` (and, for the other, `others`) changes the file's list to what is `after` behind these two.
  void decides_to_write(const std::string& only_bit, const std::string& before, const std::string& after) {
    const std::string two = "A::20001:" + only_bit + ",A::20002:" + all_bits_but(only_bit, false) + ",";
    file()();
    set_list("d/f", two + after + owners(false));
    const std::string wanted = get_attribute(at("d/f"), kNfs4Name);
    only(kAlice, kBob, [&] { set_list("d/f", two + before + owners(false)); },
         [&] { return set_attribute(at("d/f"), kNfs4Name, wanted, XATTR_REPLACE); }, EPERM);
  }
};

TEST_F(WriteAclBitTest, AddsAnAce) { decides_to_write("C", "", "A::20003:t,"); }
TEST_F(WriteAclBitTest, SetsTheMode) {
  decides({'C', "d/f", file(), [&] { return ::chmod(at("d/f").c_str(), 0750); }, EPERM});
  decides_to_write("C", "", "A:g:GROUP@:rtnc,");
}

using WriteOwnerBitTest = WriteAclBitTest;
TEST_F(WriteOwnerBitTest, ChangesAnAce) { decides_to_write("o", "A::20003:rt,", "A::20003:t,"); }
TEST_F(WriteOwnerBitTest, RemovesAnAce) { decides_to_write("o", "A::20003:rt,", ""); }
TEST_F(WriteOwnerBitTest, GivesTheFileToNobody) {
  file()();
  set_list("d/f", "A::20001:" + all_bits_but("", false) + "," + owners(false));
  EXPECT_EQ(as_alice([&] { return ::chown(at("d/f").c_str(), kAlice, kAlice); }), EPERM);
}

using SynchronizeBitTest = BitTest;
TEST_F(SynchronizeBitTest, IsKeptAndShownAndDecidesNothing) {
  file()();
  set_list("d/f", "A::20001:wy,A::20002:w," + owners(false));
  EXPECT_EQ(list_of("d/f").substr(0, 23), "A::20001:wy,A::20002:w,");
  EXPECT_NE(get_attribute(real("d/f"), allow_name(user(kAlice))).find("p=wy"), std::string::npos);
  const auto write_through = [&]() -> long {
    const UniqueFd fd(::open(at("d/f").c_str(), O_WRONLY | O_SYNC));
    return fd && ::write(fd.get(), "x", 1) == 1 ? ::fsync(fd.get()) : -1;
  };
  EXPECT_EQ(as_alice(write_through), 0);
  EXPECT_EQ(as_bob(write_through), 0);
  set_list("d/f", "D::20001:y,A::20001:w,A::20002:w," + owners(false));
  EXPECT_EQ(list_of("d/f").substr(0, 11), "D::20001:y,");
  EXPECT_EQ(as_alice(write_through), 0);
  EXPECT_EQ(as_bob(write_through), 0);
  set_list("d/f", "A::20001:y," + owners(false));
  EXPECT_EQ(as_alice(write_through), EACCES) << "alone it gives nothing";
  EXPECT_EQ(as_bob(write_through), EACCES);
}

}  // namespace
}  // namespace acefs::test
