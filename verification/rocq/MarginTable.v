(* Where low rank wins under margin losses, from the certificates; and how narrow DNC, broad DNC and NC2 go together. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import zify.
From Dufm Require Import Model ModelLoss Centring MarginBound MarginDnc Factors CheckMargin Certificates.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma narrow_broad_nc2 (R : rcfType) (K L n : nat) (d : nat -> nat) (th : weights R K L n d) : (1 <= K)%N ->
  (is_dnc th -> is_broad_dnc th) /\ (is_broad_dnc th -> is_nc2 th).
Proof.
move=> K0; split=> [dnc l lL|dnc l lL].
  by have [M [c [hF hM]]] := dnc l lL; exists M, c, 0; rewrite scale0r addr0.
have [M [c [b [hF hM]]]] := dnc l lL; exists M, c; split=> //.
rewrite hM; have -> : const_mx 1 = K%:R *: mean R K.
  rewrite /mean /centring opprB addrC subrK scalerA divff ?scale1r //.
  by rewrite pnatr_eq0 -lt0n.
by rewrite mulmxDr mul_mx_scalar -!scalemxAr centre_mean // !scaler0 addr0 -scalemxAl centre_idem.
Qed.

Theorem collapse_pays (R : rcfType) (K L n : nat) (d : nat -> nat) (ell : 'I_K -> 'cV[R]_K -> R) (th : weights R K L n d) :
  (2 <= K)%N -> (1 <= n)%N -> (2 <= L)%N -> margin_loss ell -> is_nc2 th -> exists alpha : R,
  let product := sqnorm (H1 th) * \prod_(l < L.-1) sqnorm (hidden th l) * sqnorm (WL th) in
  [/\ K%:R^-1 * (\sum_k ell k (col k alpha%:M)) <= mean_loss ell (output th),
      n%:R * ((K%:R - 1) ^+ L * (K%:R - 1)) * alpha ^+ 2 <= product &
      is_broad_dnc th -> n%:R * (K%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <= product].
Proof.
move=> K2 n0 L2 ml nc2; exists (class_margin th); have [fit] := @collapse_margin_bound _ _ _ _ _ ell K2 n0 L2 ml th Nc2 nc2.
have -> : (each Nc2 K)%:R = K%:R - 1 :> R by rewrite /= -subn1 natrB ?(ltnW K2).
by move=> bound; split=> // broad; have [] := @collapse_margin_bound _ _ _ _ _ ell K2 n0 L2 ml th Dnc broad.
Qed.

Lemma roomier (col : forall R K L n d, weights R K L n d -> Prop) K L w w' :
  (w <= w')%N -> margins_win col K L w -> margins_win col K L w'.
Proof. by move=> ww h R n d ell lam th ml n0 room; apply: h => // l lL; apply: leq_trans ww (room l lL). Qed.

Ltac cell ok h l := apply: (roomier _ (check_margin_sound ok h l));
  match goal with |- context [width ?f] => let w := eval vm_compute in (width f) in change (width f) with w end;
  match goal with |- context [mK ?c] => let k := eval vm_compute in (mK c) in change (mK c) with k end; lia.

Theorem dnc_table K L :
  [/\ (15 <= K)%N -> margins_win (@is_broad_dnc) K 2 (K + 5),
      (6 <= K)%N -> (3 <= L)%N -> margins_win (@is_broad_dnc) K L K,
      (5 <= K)%N -> (4 <= L)%N -> margins_win (@is_broad_dnc) K L (K + 1) &
      (3 <= K)%N -> (5 <= L)%N -> margins_win (@is_broad_dnc) K L (K + 1)].
Proof.
split=> hK.
- by cell dnc_2_15_ok hK (eqxx 2%N).
- by move=> hL; cell dnc_3_6_ok hK hL.
- by move=> hL; cell dnc_4_5_ok hK hL.
- by move=> hL; cell dnc_5_3_ok hK hL.
Qed.

Theorem nc2_table K L :
  [/\ (26 <= K)%N -> margins_win (@is_nc2) K 2 (K + 44),
      (10 <= K)%N -> (3 <= L)%N -> margins_win (@is_nc2) K L K,
      (8 <= K)%N -> (4 <= L)%N -> margins_win (@is_nc2) K L (K + 12) &
      (6 <= K)%N -> (5 <= L)%N -> margins_win (@is_nc2) K L (K + 5)].
Proof.
split=> hK.
- move: hK; rewrite leq_eqVlt => /orP [/eqP <-|hK]; first by cell nc2_2_26_ok (eqxx 26%N) (eqxx 2%N).
  by cell nc2_2_27_ok hK (eqxx 2%N).
- by move=> hL; cell nc2_3_10_ok hK hL.
- by move=> hL; cell nc2_4_8_ok hK hL.
- by move=> hL; cell nc2_5_6_ok hK hL.
Qed.
Theorem nc2_few L :
  [/\ (4 <= L)%N -> margins_win (@is_nc2) 7 L 17, (7 <= L)%N -> margins_win (@is_nc2) 5 L 8 &
      (8 <= L)%N -> margins_win (@is_nc2) 4 L 5].
Proof. by split=> hL; [cell nc2_4_7_ok (eqxx 7%N) hL | cell nc2_7_5_ok (eqxx 5%N) hL | cell nc2_8_4_ok (eqxx 4%N) hL]. Qed.
