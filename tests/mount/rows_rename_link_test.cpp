// SPDX-License-Identifier: MIT
// Rows of the operation table with two names: rename and link.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "rows.hpp"

namespace acefs::test {
namespace {

class RenameTest : public RowTest {
 protected:
  /// from/f (a file), from/dir (a directory) and an empty to/, all open to nobody but root.
  void tree(mode_t mode) {
    for (const std::string dir : {"from", "to"}) {
      make_dir(real(dir), mode);
      for (const std::string& name : names_in(real(dir))) erase(real(dir + "/" + name));
      for (const uid_t each : {kAlice, kBob}) {
        remove_allow(real(dir), user(each));
        remove_deny(real(dir), user(each));
      }
    }
    make_file(real("from/f"), 0644);
    make_dir(real("from/dir"), 0755);
  }
  std::function<long()> move(std::string from, std::string to, unsigned flags = 0) {
    return [this, from = std::move(from), to = std::move(to), flags] {
      return ::renameat2(AT_FDCWD, at(from).c_str(), AT_FDCWD, at(to).c_str(), flags);
    };
  }
  /// Gives both users `letters` on a node; Bob without `missing`.
  void both_but(const std::string& node, const std::string& letters, const std::string& missing) {
    std::string fewer = letters;
    for (const char letter : missing) std::erase(fewer, letter);
    ASSERT_EQ(allow(real(node), user(kAlice), letters, "n"), 0);
    ASSERT_EQ(allow(real(node), user(kBob), fewer, "n"), 0);
  }
};

TEST_F(RenameTest, NeedsTheRightToDeleteTheSource) {
  only(kAlice, kBob,
       [&] {
         tree(0711);
         both_but("from", "wxD", "D");
         both_but("to", "wx", "");
       },
       move("from/f", "to/f"), EACCES);
  only(kAlice, kBob,
       [&] {
         tree(0711);
         both_but("from/f", "d", "d");
         ASSERT_EQ(allow(real("from/f"), user(kBob), "rwx"), 0);
         both_but("to", "wx", "");
       },
       move("from/f", "to/f"), EACCES);
  only(kAlice, kBob,
       [&] {
         tree(0777);
         ASSERT_EQ(deny(real("from"), user(kBob), "D", "n"), 0);
       },
       move("from/f", "to/f"), EACCES);
}

TEST_F(RenameTest, OfAFileNeedsWriteDataOnTheNewParent) {
  only(kAlice, kBob,
       [&] {
         tree(0711);
         both_but("from", "wxD", "");
         both_but("to", "waxD", "w");
       },
       move("from/f", "to/f"), EACCES);
  only(kAlice, kBob,
       [&] {
         tree(0777);
         ASSERT_EQ(deny(real("to"), user(kBob), "w", "n"), 0);
       },
       move("from/f", "to/f"), EACCES);
}

TEST_F(RenameTest, OfADirectoryNeedsAppendDataOnTheNewParent) {
  only(kAlice, kBob,
       [&] {
         tree(0711);
         both_but("from", "waxD", "");
         both_but("from/dir", "w", "");
         both_but("to", "waxD", "a");
       },
       move("from/dir", "to/dir"), EACCES);
  only(kAlice, kBob,
       [&] {
         tree(0777);
         make_dir(real("from/dir"), 0777);
         ASSERT_EQ(deny(real("to"), user(kBob), "a", "n"), 0);
       },
       move("from/dir", "to/dir"), EACCES);
}

TEST_F(RenameTest, OfADirectoryToAnotherParentNeedsWriteDataOnIt) {
  only(kAlice, kBob,
       [&] {
         tree(0777);
         both_but("from/dir", "w", "w");
       },
       move("from/dir", "to/dir"), EACCES);
  only(kAlice, kBob,
       [&] {
         tree(0777);
         make_dir(real("from/dir"), 0777);
         ASSERT_EQ(deny(real("from/dir"), user(kBob), "w", "n"), 0);
       },
       move("from/dir", "to/dir"), EACCES);
}

TEST_F(RenameTest, OfADirectoryWithinItsParentNeedsNothingOnIt) {
  tree(0777);
  make_dir(real("from/dir"), 0700);
  EXPECT_EQ(as_bob(move("from/dir", "from/other")), 0);
}

TEST_F(RenameTest, OntoAnotherNeedsTheRightToDeleteThat) {
  only(kAlice, kBob,
       [&] {
         tree(0711);
         make_file(real("to/f"), 0644);
         both_but("from", "wxD", "");
         both_but("to", "wxD", "D");
       },
       move("from/f", "to/f"), EACCES);
  only(kAlice, kBob,
       [&] {
         tree(0777);
         make_file(real("to/f"), 0644);
         ASSERT_EQ(deny(real("to"), user(kBob), "D", "n"), 0);
       },
       move("from/f", "to/f"), EACCES);
}

TEST_F(RenameTest, ExchangeNeedsTheRightsBothWays) {
  const auto tree_with_target = [&] {
    tree(0777);
    make_file(real("to/f"), 0644);
  };
  for (const std::string denied : {"from", "to"}) {
    for (const std::string letter : {"w", "D"}) {
      SCOPED_TRACE(letter + " denied on " + denied);
      only(kAlice, kBob,
           [&] {
             tree_with_target();
             ASSERT_EQ(deny(real(denied), user(kBob), letter, "n"), 0);
           },
           move("from/f", "to/f", RENAME_EXCHANGE), EACCES);
    }
  }
}

TEST_F(RenameTest, InAStickyDirectoryIsTheOwners) {
  const auto prepare = [&] {
    tree(01777);
    make_file(real("from/f"), 0666, "content", kAlice, kAlice);
  };
  only(kAlice, kBob, prepare, move("from/f", "to/f"), EPERM);
}

TEST_F(RenameTest, OntoAnothersFileInAStickyDirectoryIsRefused) {
  tree(0777);
  make_dir(real("to"), 01777);
  make_file(real("to/f"), 0666, "content", kAlice, kAlice);
  EXPECT_EQ(as_bob(move("from/f", "to/f")), EPERM);
  EXPECT_EQ(as_alice(move("from/f", "to/f")), 0);
}

TEST_F(RenameTest, ThatWouldGiveTheCallerRightsIsRefusedWithExdev) {
  const auto prepare = [&] {
    tree(0777);
    make_file(real("from/f"), 0600);
    // Where it goes everyone may read, by an ACE that reaches every child.
    ASSERT_EQ(allow(real("to"), user(kBob), "r"), 0);
  };
  only(kAlice, kBob, prepare, move("from/f", "to/f"), EXDEV);
  EXPECT_FALSE(exists(real("to/f")));
}

TEST_F(RenameTest, AwayFromADenialIsRefusedWithExdev) {
  const auto prepare = [&] {
    tree(0777);
    ASSERT_EQ(deny(real("from"), user(kBob), "r", "fi"), 0);
  };
  only(kAlice, kBob, prepare, move("from/f", "to/f"), EXDEV);
}

TEST_F(RenameTest, OfADirectoryWhoseChildrenWouldWidenIsRefusedWithExdev) {
  const auto prepare = [&] {
    tree(0777);
    make_dir(real("from/dir"), 0777);
    ASSERT_EQ(deny(real("from"), user(kBob), "w", "fi"), 0);
  };
  only(kAlice, kBob, prepare, move("from/dir", "to/dir"), EXDEV);
}

TEST_F(RenameTest, WhereTheCallerLosesRightsIsAllowed) {
  tree(0777);
  ASSERT_EQ(allow(real("from"), user(kBob), "r"), 0);
  ASSERT_EQ(deny(real("to"), user(kBob), "r", "fi"), 0);
  EXPECT_EQ(as_bob(move("from/f", "to/f")), 0);
  EXPECT_EQ(as_bob([&] { return try_open(at("to/f"), O_RDONLY); }), EACCES);
}

class LinkTest : public RenameTest {
 protected:
  std::function<long()> link() {
    return [this] { return ::link(at("from/f").c_str(), at("to/g").c_str()); };
  }
};

TEST_F(LinkTest, NeedsWriteDataOnTheNewParent) {
  only(kAlice, kBob,
       [&] {
         tree(0711);
         make_file(real("from/f"), 0666);
         both_but("to", "wax", "w");
       },
       link(), EACCES);
  only(kAlice, kBob,
       [&] {
         tree(0777);
         make_file(real("from/f"), 0666);
         ASSERT_EQ(deny(real("to"), user(kBob), "w", "n"), 0);
       },
       link(), EACCES);
}

TEST_F(LinkTest, NeedsOwnershipOrWriteDataOnTheNode) {
  const auto owned = [&] {
    tree(0777);
    make_file(real("from/f"), 0400, "content", kAlice, kAlice);
  };
  only(kAlice, kBob, owned, link(), EPERM);
  const auto writable = [&] {
    tree(0777);
    make_file(real("from/f"), 0600);
    ASSERT_EQ(allow(real("from/f"), user(kAlice), "rw"), 0);
    ASSERT_EQ(allow(real("from/f"), user(kBob), all_but("w")), 0);
  };
  only(kAlice, kBob, writable, link(), EPERM);
  const auto denied = [&] {
    tree(0777);
    make_file(real("from/f"), 0666);
    ASSERT_EQ(deny(real("from/f"), user(kBob), "w"), 0);
  };
  only(kAlice, kBob, denied, link(), EPERM);
}

TEST_F(LinkTest, ThatWouldGiveTheCallerRightsIsRefusedWithExdev) {
  const auto prepare = [&] {
    tree(0777);
    make_file(real("from/f"), 0666);
    ASSERT_EQ(allow(real("to"), user(kBob), "d", "fi"), 0);
  };
  only(kAlice, kBob, prepare, link(), EXDEV);
}

}  // namespace
}  // namespace acefs::test
