// SPDX-License-Identifier: MIT
#include "node/names.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "node/table.hpp"

namespace acefs::node {
namespace {

class NamesTest : public ::testing::Test {
 protected:
  static InodeKey key(ino_t ino, mode_t type) { return {ino, 1, 1, static_cast<std::uint16_t>(type)}; }
  NodePtr file(const std::string& name) { return table_.obtain(key(10, S_IFREG), Link::make(table_.root(), name)); }
  bool remove(const NodePtr& node, const std::string& name) { return remove_link(*node, *table_.root(), name); }
  std::string names(const NodePtr& node) {
    std::string all;
    for (const LinkPtr& link : links_of(*node)) all += link ? std::string(link->name()) + " " : "none ";
    return all;
  }

  Table table_{key(1, S_IFDIR), false};
};

TEST_F(NamesTest, LinkHoldsItsName) {
  for (const std::string name : {"", "a", "twenty-four-characters--", "ä"}) {
    const LinkPtr link = Link::make(table_.root(), name);
    EXPECT_EQ(link->name(), name);
    EXPECT_STREQ(link->c_str(), name.c_str());
    EXPECT_EQ(link->parent, table_.root());
  }
  const std::string longest(255, 'n');
  EXPECT_EQ(Link::make(table_.root(), longest)->name(), longest);
}

TEST_F(NamesTest, FileMayHaveSeveral) {
  const NodePtr node = file("a");
  EXPECT_FALSE(has_further_links(*node));
  file("b");
  file("c");
  file("a");
  EXPECT_EQ(names(node), "a b c ");
  EXPECT_TRUE(has_further_links(*node));
  EXPECT_TRUE(has_link(*node, *table_.root(), "c"));
  EXPECT_FALSE(has_link(*node, *table_.root(), "d"));
  EXPECT_FALSE(has_link(*node, *node, "c")) << "that would be in another directory";
}

TEST_F(NamesTest, OfManyThoseThatWereFoundLastAreTried) {
  const NodePtr node = file("first");
  for (int i = 0; i < 1000; ++i) file("n" + std::to_string(i));
  EXPECT_EQ(links_of(*node).size(), kMostLinks);
  EXPECT_EQ(links_of(*node).back()->name(), "n999");
  EXPECT_EQ(names(node).find("n17 "), std::string::npos);
  file("n17");
  EXPECT_EQ(links_of(*node).back()->name(), "n17");
  EXPECT_EQ(links_of(*node).front()->name(), "first");
}

TEST_F(NamesTest, RemovingOneLeavesTheOthers) {
  const NodePtr node = file("a");
  file("b");
  file("c");
  EXPECT_FALSE(remove(node, "a"));
  EXPECT_EQ(names(node), "c b ");
  EXPECT_FALSE(remove(node, "a")) << "again";
  EXPECT_FALSE(remove(node, "b"));
  EXPECT_EQ(names(node), "c ");
  EXPECT_FALSE(has_further_links(*node));
  EXPECT_FALSE(last_link(*node));
}

TEST_F(NamesTest, OneThatWasFoundAgainIsNotRemovedForWhatWasSeenBefore) {
  const NodePtr node = file("a");
  file("b");
  const std::vector<LinkPtr> seen = links_of(*node);
  file("b");  // it was gone, and is there again
  EXPECT_FALSE(remove_link(*node, seen[1]));
  EXPECT_EQ(names(node), "a b ");
  EXPECT_FALSE(remove_link(*node, links_of(*node)[1]));
  EXPECT_EQ(names(node), "a ");
  EXPECT_TRUE(remove_link(*node, seen[0]));
  EXPECT_EQ(names(node), "none ");
}

TEST_F(NamesTest, WhatIsKnownByOneStaysKnownWhenItIsFoundAgain) {
  const NodePtr node = file("a");
  file("b");
  for (const std::size_t at : {0, 1}) {
    remember_facts(*node, {}, links_of(*node)[at], Stamp{1});
    file(at == 0 ? "a" : "b");
    const LinkPtr again = links_of(*node)[at];
    const std::lock_guard lock(node->mutex);
    EXPECT_TRUE(was_bound(*node, again));
  }
}

TEST_F(NamesTest, NodeThatLostItsLastOneIsJudgedByWhereItWas) {
  const NodePtr node = file("a");
  EXPECT_TRUE(remove(node, "a"));
  EXPECT_FALSE(has_link(*node));
  EXPECT_EQ(names(node), "none ");
  EXPECT_EQ(link_of(*node)->name(), "a");
  EXPECT_EQ(last_link(*node)->name(), "a");
  EXPECT_TRUE(remove(node, "a"));
  file("b");
  EXPECT_EQ(names(node), "b ");
  EXPECT_FALSE(last_link(*node));
}

TEST_F(NamesTest, DirectoryHasOne) {
  const NodePtr node = table_.obtain(key(20, S_IFDIR), Link::make(table_.root(), "a"));
  table_.obtain(key(20, S_IFDIR), Link::make(table_.root(), "b"));
  EXPECT_EQ(names(node), "b ");
}

TEST_F(NamesTest, FactsHoldForTheNameByWhichTheyWereFound) {
  const NodePtr node = file("a");
  file("b");
  const std::vector<LinkPtr> links = links_of(*node);
  const auto bound = [&](const LinkPtr& link) {
    const std::lock_guard lock(node->mutex);
    return was_bound(*node, link);
  };
  for (const LinkPtr& link : links) EXPECT_FALSE(bound(link));
  for (const LinkPtr& by : links) {
    remember_facts(*node, {}, by, 1);
    for (const LinkPtr& link : links) EXPECT_EQ(bound(link), link == by);
  }
  remove(node, "a");
  EXPECT_FALSE(bound(links[1])) << "asked once more: its place has changed";
}

}  // namespace
}  // namespace acefs::node
